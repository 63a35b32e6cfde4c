import { ItemState } from "../journal-protocol.ts";
import type { EndedState } from "./inspection-types.ts";

const NAMES: ReadonlyMap<number, EndedState> = new Map([
  [ItemState.succeeded, "succeeded"],
  [ItemState.failed, "failed"],
  [ItemState.unknown, "unknown"],
  [ItemState.rejected, "rejected"],
]);

export function stateName(state: number): EndedState {
  return NAMES.get(state) ?? "unknown";
}

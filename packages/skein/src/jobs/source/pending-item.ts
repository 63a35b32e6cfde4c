import type { Link } from "../../core/chain.ts";
import type { SourceItem, SourcePosition } from "./source.ts";

/** An item that has been read and has not ended. */
export class PendingItem implements Link<PendingItem> {
  readonly item: SourceItem;
  /** From where reading gives this item again. */
  readonly from: SourcePosition;
  /** The journal knows that it is about to be sent, or was: it must not simply be sent again. */
  isMarked = false;
  previous: PendingItem | undefined;
  next: PendingItem | undefined;

  constructor(item: SourceItem, from: SourcePosition) {
    this.item = item;
    this.from = from;
  }
}

import type { Clock } from "./clock.ts";
import type { Layer } from "./service.ts";

/** The policies that a client can be given, from the outside of its stack; why each stands there: client/stack.ts. */
export const POLICY_NAMES = [
  "coalesce",
  "hedge",
  "circuitBreaker",
  "loadShed",
  "rateLimit",
  "adaptiveLimit",
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/**
 * A policy of a client: what `circuitBreaker()`, `hedge()` and their like return. It knows its own place among the layers,
 * and holds what it has learned: clients that are given the same one share that.
 */
export interface ClientPolicy {
  readonly name: PolicyName;
  layer(clock: Clock): Layer;
  /** What it has done, and what it knows; plain data. */
  stats(clock: Clock): object;
}

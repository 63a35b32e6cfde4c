import type { Permit } from "../../policy/circuit-breaker.ts";

/** What the scheduler needs to know of a task. */
export interface Schedulable {
  /** The key of the origin that it goes to. */
  readonly origin: string;
  /** The registrable domain of the origin, where domains have a limit. */
  readonly domain?: string | undefined;
  /** When it must have ended; `Infinity` where it has no end. */
  readonly deadline: number;
  /** Among the tasks of its origin the higher goes first; 0 where nobody said. */
  readonly priority: number;
  /** What it costs to try it again, in tokens of its origin's purse; undefined where it has not failed yet. */
  readonly retryCost?: number | undefined;
  /** Kept for its lane, from its start to its end. */
  permit?: Permit | undefined;
}

/** Why the tasks of an origin that are ready are held back. */
export type HoldReason = "origin cooling" | "circuit open" | "budget";

import type { Clock } from "../core/clock.ts";
import type { ClientSettings } from "./options.ts";

/** What a client knows of its servers; the names of the policies are theirs, and each tells what it has. */
export interface ClientStats {
  /**
   * Tokens left for retries, of 500 in all; each origin has 100 of its own besides. Undefined in a page in which nothing was
   * tried again yet.
   */
  readonly retryBudget: number | undefined;
  /** By the policy's name, such as `circuitBreaker`; a list where a client has several of one. */
  readonly policies: Readonly<Record<string, object | readonly object[]>>;
}

export function clientStats({ retryBudget, policies }: ClientSettings, clock: Clock): ClientStats {
  const told: Record<string, object | readonly object[]> = {};
  for (const name of new Set(policies.map(policy => policy.name))) {
    const stats = policies.filter(policy => policy.name === name).map(policy => policy.stats(clock));
    told[name] = stats.length === 1 ? stats[0]! : stats;
  }
  return { retryBudget: retryBudget.left(clock.now())?.total, policies: told };
}

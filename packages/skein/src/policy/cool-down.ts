/** How an origin that answered "too many requests" is left alone for a while. Immutable: each event makes a new one. */
export interface CoolDown {
  /** Until when nothing is sent, on the monotonic clock; 0 when never. */
  readonly until: number;
  /** Throttled this many times since the last success. */
  readonly count: number;
  /** Since when there has been no success. */
  readonly since: number;
}

export const NOT_COOLING: CoolDown = Object.freeze({ until: 0, count: 0, since: 0 });

const FIRST_WAIT_MS = 2_000;
const LONGEST_GUESS_MS = 60_000;
const JITTER = 0.1;
/** An origin that has only refused for so long is given up. */
export const GIVE_UP_MS = 15 * 60_000;

/** Whether a status asks to be left alone: 429, and 503 that says for how long. */
export function isThrottle(status: number, retryAfterMs: number | undefined): boolean {
  return status === 429 || (status === 503 && retryAfterMs !== undefined);
}

/**
 * The cool-down after a throttling answer. What the server says counts (never shortened, a little jitter added); where
 * it says nothing, 2 s, doubled each time up to a minute. Answers to requests that were under way when it began are
 * part of the same throttling.
 */
export function throttled(
  state: CoolDown,
  answer: { now: number; retryAfterMs: number | undefined; random: number },
): CoolDown {
  if (answer.now < state.until) return state;
  const guess = Math.min(LONGEST_GUESS_MS, FIRST_WAIT_MS * 2 ** state.count);
  const wait = answer.retryAfterMs ?? guess;
  return {
    until: answer.now + wait * (1 + JITTER * answer.random),
    count: state.count + 1,
    since: state.count === 0 ? answer.now : state.since,
  };
}

/** Whether to stop trying: only refusals for a quarter of an hour. */
export function isHopeless(state: CoolDown, now: number): boolean {
  return state.count > 0 && now - state.since > GIVE_UP_MS;
}

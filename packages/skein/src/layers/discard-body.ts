import type { Clock } from "../core/clock.ts";
import type { Response } from "../core/response.ts";

/** Up to this, reading the rest costs less than the new connection that closing this one would need. */
const SMALL_BODY = 16 * 1024;
const PATIENCE_MS = 100;

/**
 * Lets go of a response that nobody will read: a small body is read to its end, so that its connection can carry the
 * next request; one that is large or slow is cancelled. It is over when this resolves: a body that went on in the
 * background would compete with the next request for the call's one `onCancel`.
 */
export async function discardBody(response: Response, clock: Clock): Promise<void> {
  const { body } = response;
  if (response.hasContent || body.complete !== undefined) return;
  const timer = clock.setTimer(() => body.cancel("not wanted"), PATIENCE_MS);
  try {
    await body.collect(SMALL_BODY);
  } catch {
    // How a body ends that nobody wants changes nothing; whether the call was cancelled, its context tells.
  } finally {
    timer.cancel();
  }
}

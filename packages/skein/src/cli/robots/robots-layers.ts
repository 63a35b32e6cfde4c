import { type BaseClient, type Layer, LocalRateLimited, type Request } from "../../entry/node.ts";
import { Robots } from "./robots.ts";
import { RobotsDisallowed } from "./robots-disallowed.ts";

/**
 * A client that asks robots.txt first: for each hop of a request whether it may be sent, and for each request, at its origin, when.
 * A request that comes too early is refused with its time, which it keeps: in a batch it waits for it and holds no slot.
 */
export function withRobots(client: BaseClient, name: string): BaseClient {
  const robots = new Robots(client, name);
  return client.with(turns(robots), { before: "redirect" }).with(permission(robots), { after: "redirect" });
}

function permission(robots: Robots): Layer {
  return inner => ({
    async send(request, context) {
      const { isAllowed, unread } = await robots.ask(request, context);
      if (isAllowed) return inner.send(request, context);
      const why = unread === undefined ? "disallows it" : `can't be read: ${unread}`;
      throw new RobotsDisallowed(`${request.url.origin.key}/robots.txt ${why}`);
    },
    close: () => inner.close(),
  });
}

function turns(robots: Robots): Layer {
  /** When the next request to an origin may be sent. */
  const next = new Map<string, number>();
  /** When those may be sent that were too early. */
  const turn = new WeakMap<Request, number>();
  const waitOf = (request: Request, delayMs: number): number => {
    const now = performance.now();
    const { key } = request.url.origin;
    const at = turn.get(request) ?? Math.max(now, next.get(key) ?? 0);
    if (!turn.has(request)) next.set(key, at + delayMs);
    if (at > now) turn.set(request, at);
    else turn.delete(request);
    return Math.ceil(at - now);
  };
  return inner => ({
    async send(request, context) {
      const { isAllowed, delayMs } = await robots.ask(request, context, "none");
      const wait = isAllowed && delayMs > 0 ? waitOf(request, delayMs) : 0;
      if (wait <= 0) return inner.send(request, context);
      const error = new LocalRateLimited("LOCAL_RATE_LIMITED", `crawl-delay of ${request.url.origin.key}`, {
        phase: "queue",
        requestSent: "none",
      });
      throw Object.assign(error, { retryAfterMs: wait });
    },
    close: () => inner.close(),
  });
}

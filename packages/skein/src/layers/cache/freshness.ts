import CachePolicy from "http-cache-semantics";
import type { Clock } from "../../core/clock.ts";
import type { Headers } from "../../core/headers.ts";
import type { Request } from "../../core/request.ts";
import { directivesOf, secondsOf } from "./cache-control.ts";

/** What a cache may do with a stored response for one request. */
export type Verdict =
  | { readonly use: "fresh" | "stale" }
  /** Use it now, and ask the server meanwhile. */
  | { readonly use: "while-revalidating"; readonly validators: Validators }
  | { readonly use: "after-revalidation"; readonly validators: Validators };

export type Validators = Readonly<Record<string, string>>;

interface Head {
  readonly status: number;
  readonly headers: Headers;
}

/** Without one of these a response has no lifetime, and nothing to ask again with. */
const LIFETIME_FIELDS = ["cache-control", "etag", "last-modified", "expires"];

/** How long responses are fresh: the rules of http-cache-semantics for a private cache, on the clock of the client. */
export class Freshness {
  readonly #type: typeof CachePolicy;

  constructor(clock: Clock) {
    this.#type = class extends CachePolicy {
      now(): number {
        return clock.wallNow();
      }
    };
  }

  /** What to write down of a response; undefined when it may not be stored, or would never be of use. */
  policyFor(request: Request, response: Head): object | undefined {
    // Most answers say nothing of it: that is soon decided.
    if (!LIFETIME_FIELDS.some(name => response.headers.has(name))) return undefined;
    const policy = new this.#type(
      { url: request.url.href, method: request.method, headers: fieldsOf(request.headers) },
      { status: response.status, headers: viewOf(response.headers) },
      // Nothing is fresh because somebody guesses so: without an explicit lifetime the server is asked.
      { shared: false, cacheHeuristic: 0 },
    );
    const canValidate = response.headers.has("etag") || response.headers.has("last-modified");
    return policy.storable() && (canValidate || policy.timeToLive() > 0) ? policy.toObject() : undefined;
  }

  /** `stored` are the fields of the stored response. */
  judge(policyObject: object, stored: Headers, request: Request): Verdict {
    const policy = this.#restore(policyObject);
    const asked = { url: request.url.href, method: request.method, headers: fieldsOf(request.headers) };
    const { response, revalidation } = policy.evaluateRequest(asked);
    const mustRevalidate = policy.stale() && directivesOf(stored).has("must-revalidate");
    if (response !== undefined && !mustRevalidate) {
      if (revalidation === undefined) return { use: policy.stale() ? "stale" : "fresh" };
      return { use: "while-revalidating", validators: validatorsOf(stored) };
    }
    return { use: "after-revalidation", validators: validatorsOf(stored) };
  }

  /** Whether it may be used although the server failed (RFC 5861 §4), and is too old otherwise. */
  allowsStaleOnError(policyObject: object, stored: Headers, request: Request): boolean {
    const directives = directivesOf(stored);
    if (directives.has("must-revalidate") || directives.has("no-cache")) return false;
    const policy = this.#restore(policyObject);
    const grace = Math.max(
      secondsOf(directives, "stale-if-error"),
      secondsOf(directivesOf(request.headers), "stale-if-error"),
    );
    return policy.maxAge() + grace > policy.age();
  }

  /** Whole seconds since the server made or validated it. */
  ageOf(policyObject: object): number {
    return Math.max(0, Math.floor(this.#restore(policyObject).age()));
  }

  #restore(policyObject: object): CachePolicy {
    return this.#type.fromObject(policyObject as CachePolicy.CachePolicyObject);
  }
}

/** The fields as the rules see them; which variant is meant was decided before, so that Vary is left out. */
function viewOf(headers: Headers): Record<string, string> {
  const fields = fieldsOf(headers);
  delete fields.vary;
  const directives = directivesOf(headers);
  if (directives.size === 0) return fields;
  // With `must-revalidate` the rules would ask for each use; it only means that stale ones are not used.
  const strict = directives.has("must-revalidate");
  const left = [...directives].filter(
    ([name]) => name !== "must-revalidate" && !(strict && name.startsWith("stale-")),
  );
  fields["cache-control"] = left
    .map(([name, value]) => (value === "" ? name : `${name}=${value}`))
    .join(", ");
  return fields;
}

function fieldsOf(headers: Headers): Record<string, string> {
  const fields = { ...headers.toJSON() };
  if (fields["cache-control"] !== undefined) fields["cache-control"] = fields["cache-control"].toLowerCase();
  return fields;
}

function validatorsOf(stored: Headers): Validators {
  const etag = stored.get("etag");
  const modified = stored.get("last-modified");
  return {
    ...(etag === null ? {} : { "If-None-Match": etag }),
    ...(modified === null ? {} : { "If-Modified-Since": modified }),
  };
}

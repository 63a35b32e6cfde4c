import { InvalidOption } from "../../core/errors.ts";
import { checkNames } from "../../core/option-names.ts";
import type { AppErrorOptions, FetchHandler } from "../web/app-handler-transport.ts";
import type { NodeHandler } from "./app-connector.ts";

/** An application: an object with `fetch` (Hono, Workers), or a handler of either kind. */
export type App = FetchHandler | NodeHandler | { readonly fetch: FetchHandler };

export interface AppOptions extends AppErrorOptions {
  /** How a handler is called: `fetch`: with a Request; `node`: with `(req, res)`. Default: told by its parameters. */
  kind?: "fetch" | "node";
}

/** An application whose kind is known. */
export type KnownApp =
  | { readonly kind: "fetch"; readonly handler: FetchHandler }
  | { readonly kind: "node"; readonly handler: NodeHandler };

/** @throws InvalidOption when it can't be told how to call it */
export function knownApp(app: App, options: AppOptions): KnownApp {
  checkNames(options, ["kind", "raiseAppErrors"], "appTransport");
  if (typeof app === "object" && app !== null && typeof app.fetch === "function")
    return { kind: "fetch", handler: request => app.fetch(request) };
  if (typeof app !== "function")
    throw new InvalidOption("appTransport: expected a handler, or an object with a `fetch` method");
  const kind = options.kind ?? kindByParameters(app);
  if (kind === "fetch") return { kind, handler: app as FetchHandler };
  if (kind === "node") return { kind, handler: app as NodeHandler };
  throw new InvalidOption(`appTransport: kind: expected "fetch" or "node"; got ${JSON.stringify(kind)}`);
}

/** A Node handler needs two parameters to answer at all; Express's app names three. */
function kindByParameters(app: FetchHandler | NodeHandler): AppOptions["kind"] {
  if (app.length >= 2) return "node";
  if (app.length === 1) return "fetch";
  throw new InvalidOption(
    'appTransport: a handler without named parameters does not tell how to call it; give kind: "fetch" or "node"',
  );
}

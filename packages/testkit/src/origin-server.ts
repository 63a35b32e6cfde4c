import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { findRoute, type OriginRoute, sendText } from "./origin-routes.ts";
import { ConnectionCounter, listenOnLoopback } from "./server-lifetime.ts";
import { FRONTS, type FrontName } from "./stacks/fronts.ts";
import { stackOfRun } from "./stacks/stack-of-run.ts";

export interface OriginOptions {
  /** A port that is known before; default: any free one. */
  port?: number;
  /** More paths, by their first part; they come before the built-in ones. */
  routes?: Readonly<Record<string, OriginRoute>>;
  /** Idle milliseconds after which the server closes a kept-alive connection. Default: 60,000. */
  keepAliveTimeout?: number;
  /** How many requests `requests` keeps; those after are only counted. Default: 10,000. */
  remember?: number;
}

/** A request that an origin has received. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  /** Names and values as they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The value of a header by its lower-case name. */
  header(name: string): string | undefined;
}

/** An HTTP/1.1 server with well-known paths; see README.md. */
export interface OriginServer extends AsyncDisposable {
  /** `http://127.0.0.1:1234`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** The requests received, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** How many requests it received, also of those beyond `remember`. */
  readonly requestCount: number;
  /** How many connections it accepted. */
  readonly connections: number;
  /** How many of them are open now. */
  readonly openConnections: number;
  /** Ends every connection at once, and stops listening. */
  close(): Promise<void>;
}

/** Starts an origin on 127.0.0.1; behind a front of HTTP/2 where the run of the tests has one. */
export async function originServer(options: OriginOptions = {}): Promise<OriginServer> {
  const origin = await startOrigin(listener => createServer(listener), "http", options);
  const stack = stackOfRun();
  return stack === undefined ? origin : behindFront(origin, stack);
}

async function behindFront(origin: OriginServer, stack: FrontName): Promise<OriginServer> {
  const front = await FRONTS[stack](origin.port);
  const close = async () => {
    await front[Symbol.asyncDispose]();
    await origin.close();
  };
  return Object.create(origin, {
    url: { value: `https://127.0.0.1:${front.port}` },
    port: { value: front.port },
    close: { value: close },
    [Symbol.asyncDispose]: { value: close },
  });
}

/** Starts an origin on the server that `make` makes (node:http's, node:https's). */
export async function startOrigin(
  make: (listener: RequestListener) => Server,
  scheme: "http" | "https",
  options: OriginOptions,
): Promise<OriginServer> {
  const log = new RequestLog(options.remember ?? 10_000);
  const server = make(answerWith(options.routes ?? {}, log));
  server.keepAliveTimeout = options.keepAliveTimeout ?? 60_000;
  server.requestTimeout = 0;
  const counter = new ConnectionCounter(server);
  const port = await listenOnLoopback(server, options.port);
  const close = () => counter.close();
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    port,
    requests: log.requests,
    get requestCount() {
      return log.count;
    },
    get connections() {
      return counter.accepted;
    },
    get openConnections() {
      return counter.open;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

class RequestLog {
  readonly requests: SeenRequest[] = [];
  count = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(request: IncomingMessage): void {
    this.count += 1;
    if (this.requests.length >= this.#limit) return;
    const headers: [string, string][] = [];
    const { rawHeaders } = request;
    for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
    this.requests.push({
      method: request.method ?? "",
      target: request.url ?? "",
      headers,
      header: name => headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1],
    });
  }
}

function answerWith(routes: Readonly<Record<string, OriginRoute>>, log: RequestLog): RequestListener {
  const counts = new Map<string, number>();
  const count = (key: string) => {
    const next = (counts.get(key) ?? 0) + 1;
    counts.set(key, next);
    return next;
  };
  return (request: IncomingMessage, response: ServerResponse) => {
    log.add(request);
    const { pathname, searchParams } = new URL(`http://origin.test${request.url}`);
    const parts = pathname.slice(1).split("/");
    const name = parts[0] ?? "";
    const route = Object.hasOwn(routes, name) ? routes[name] : findRoute(name);
    if (route === undefined) {
      response.statusCode = 404;
      return sendText(response, `no such path: ${pathname}`);
    }
    Promise.resolve(route({ request, response, parts, query: searchParams, count })).catch(error => {
      // A client that left in the middle ends a route early; anything else is a bug of the route, and shows as a cut.
      response.destroy(error);
    });
  };
}

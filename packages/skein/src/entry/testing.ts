/** `skein/testing`: what stands in the place of the network in tests. */

import type { Transport } from "../core/service.ts";
import { Pool } from "../pool/pool.ts";
import { appConnector, type NodeHandler } from "../runtime/node/app-connector.ts";
import { tellingAppErrors } from "../runtime/node/app-errors.ts";
import { type App, type AppOptions, knownApp } from "../runtime/node/app-kind.ts";
import { nodePorts } from "../runtime/node/node-ports.ts";
import { type FetchHandler, fetchHandlerTransport } from "../runtime/web/app-handler-transport.ts";

/** An application holds no sockets: nothing needs to be spared. */
const APP_LIMITS = {
  maxConnections: Number.POSITIVE_INFINITY,
  maxConnectionsPerOrigin: Number.POSITIVE_INFINITY,
  maxInFlightPerOrigin: Number.POSITIVE_INFINITY,
  maxKeepAlive: Number.POSITIVE_INFINITY,
  maxWaiting: Number.POSITIVE_INFINITY,
  maxRequestsPerConnection: Number.POSITIVE_INFINITY,
  keepAliveExpiry: 0,
  maxAge: Number.POSITIVE_INFINITY,
  maxHeaderBytes: 64 * 1024,
  unreadBodyTimeout: Number.POSITIVE_INFINITY,
  pingInterval: Number.POSITIVE_INFINITY,
  versions: { http1: true, http2: false },
};

/**
 * Calls an application without a socket: a `fetch`-style handler (`(Request) => Response`, or an object with `fetch`, as
 * Hono and Workers have), or a Node handler `(req, res)` such as an Express app, Fastify's `routing` or the listener of
 * `http.createServer`. Bodies stream both ways, and a caller that gives up is seen by the application.
 *
 * An error that the application throws rejects the call with HandlerError, whose cause it is; with
 * `raiseAppErrors: false` it becomes a 500, as on a server. (Express answers 500 by itself, before we see the error.)
 *
 * @throws InvalidOption when it can't be told how to call the application: then give `kind`
 * @example
 * const app = express().get("/users", (req, res) => res.json([{ id: 1 }]));
 * const client = new Client({ transport: appTransport(app) });
 * await client.get("http://app.test/users").json(); // [{ id: 1 }]
 */
export function appTransport(
  app: FetchHandler | { readonly fetch: FetchHandler },
  options?: AppOptions,
): Transport;
export function appTransport(app: NodeHandler, options?: AppOptions): Transport;
export function appTransport(app: App, options: AppOptions = {}): Transport {
  const known = knownApp(app, options);
  if (known.kind === "fetch") return fetchHandlerTransport(known.handler, options);
  const connector = appConnector(known.handler, options.raiseAppErrors ?? true);
  return tellingAppErrors(new Pool(APP_LIMITS, { ...nodePorts(), connector }));
}

export type { Transport } from "../core/service.ts";
export type { MockAnswer, MockFailure, MockReply } from "../runtime/mock/mock-reply.ts";
export type { MockRequest } from "../runtime/mock/mock-request.ts";
export { type MockHandler, type MockTransport, mockTransport } from "../runtime/mock/mock-transport.ts";
export type { NodeHandler } from "../runtime/node/app-connector.ts";
export type { App, AppOptions } from "../runtime/node/app-kind.ts";
export type { AppErrorOptions, FetchHandler } from "../runtime/web/app-handler-transport.ts";
export { jainIndex } from "../simulation/jain-index.ts";
export { constant, exponential, type LatencyLaw, lognormal, uniform } from "../simulation/latency-law.ts";
export type {
  Fault,
  FaultKind,
  Outage,
  Refusal,
  ServerOptions,
  ServerParameters,
} from "../simulation/server-options.ts";
export type { ServerCounts } from "../simulation/server-record.ts";
export type { SimulatedServer } from "../simulation/simulated-server.ts";
export type {
  SimulatedClientOptions,
  SimulationOptions,
  SimulationResult,
} from "../simulation/simulation.ts";
export { Simulation } from "./simulation.ts";

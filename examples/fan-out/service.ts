// node service.ts: GET /products/ID answers with what five other services say of a product; GET /health with how they are.

import { createServer, type Server, type ServerResponse } from "node:http";
import {
  type BaseClient,
  Client,
  circuitBreaker,
  type Duration,
  gather,
  hedge,
  isHTTPStatusError,
  isSkeinError,
} from "../../packages/skein/src/entry/node.ts";

/** The base URLs of the services that are asked. */
export interface Services {
  /** Without it there is no answer; without the others there is a lesser one. */
  readonly catalog: string;
  readonly prices: string;
  readonly stock: string;
  readonly reviews: string;
  readonly related: string;
}

export interface Settings {
  /** How long all five may take together, retries included. */
  readonly deadline: Duration;
  /** How long a service that fails is left alone before it is tried. */
  readonly openFor: Duration;
}

/** Two clients for all requests: what is known of a service (its connections, its circuit) is known to each. */
interface Clients {
  readonly plain: BaseClient;
  readonly hedged: BaseClient;
}

export interface ProductService extends AsyncDisposable {
  readonly server: Server;
}

/** The service, which listens when it is told to. */
export function productService(services: Services, settings: Settings): ProductService {
  const plain = new Client({
    raiseForStatus: true,
    retry: 2,
    timeout: settings.deadline,
    policies: [circuitBreaker({ openFor: settings.openFor })],
  });
  // Reviews are slow now and then: a second request goes out when the first takes longer than most have.
  const clients = { plain, hedged: plain.extend({ policies: [hedge()] }) };
  const server = createServer((request, response) => {
    const id = /^\/products\/([\w-]+)$/.exec(request.url ?? "")?.[1];
    if (id !== undefined) void answerProduct(clients, response, { services, id });
    else if (request.url === "/health") send(response, 200, clients.hedged.stats());
    else send(response, 404, { error: "there is no such path" });
  });
  const close = async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    await plain.close();
  };
  return { server, [Symbol.asyncDispose]: close };
}

async function answerProduct(
  clients: Clients,
  response: ServerResponse,
  product: { services: Services; id: string },
): Promise<void> {
  // Nobody waits for an answer any more: the five are not to work for it either.
  const left = new AbortController();
  response.once("close", () => left.abort("the caller has left"));
  try {
    const { catalog, rest } = await ask(clients, product, left.signal);
    const outcomes = Object.entries(rest);
    const parts = outcomes.flatMap(([name, end]) => (end.status === "fulfilled" ? [[name, end.value]] : []));
    const missing = outcomes.flatMap(([name, end]) =>
      end.status === "rejected" ? [[name, codeOf(end.reason)]] : [],
    );
    const lacks = missing.length === 0 ? {} : { missing: Object.fromEntries(missing) };
    send(response, 200, { catalog, ...Object.fromEntries(parts), ...lacks });
  } catch (error) {
    if (left.signal.aborted) return;
    if (isHTTPStatusError(error) && error.status === 404) send(response, 404, { error: "no such product" });
    else send(response, 503, { error: `the catalog can't be asked: ${codeOf(error)}` });
  }
}

/** All five at once, so that the timeout of each is the deadline of all. When the catalog fails, the others are cancelled. */
function ask(
  { plain, hedged }: Clients,
  { services, id }: { services: Services; id: string },
  left: AbortSignal,
) {
  const get = (client: BaseClient, base: string, signal: AbortSignal) =>
    client.get(`${base}/products/${id}`, { signal }).json<object>();
  return gather({
    catalog: get(plain, services.catalog, left),
    rest: (failed: AbortSignal) => {
      const signal = AbortSignal.any([failed, left]);
      return gather.settled({
        prices: get(plain, services.prices, signal),
        stock: get(plain, services.stock, signal),
        reviews: get(hedged, services.reviews, signal),
        related: get(plain, services.related, signal),
      });
    },
  });
}

function codeOf(error: unknown): string {
  if (!isSkeinError(error)) throw error;
  return error.code;
}

function send(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

if (import.meta.main) {
  const { CATALOG = "", PRICES = "", STOCK = "", REVIEWS = "", RELATED = "", PORT = "8080" } = process.env;
  const services = { catalog: CATALOG, prices: PRICES, stock: STOCK, reviews: REVIEWS, related: RELATED };
  const { server } = productService(services, { deadline: "500ms", openFor: "5s" });
  server.listen(Number(PORT), () => console.log(`http://localhost:${PORT}/products/1`));
}

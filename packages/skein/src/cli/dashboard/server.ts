// The dashboard's server. It listens on 127.0.0.1 alone; who may ask is decided in access.ts, what is asked for is told in
// protocol.ts.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Access, newToken } from "./access.ts";
import { EventStreams } from "./event-streams.ts";
import { ControlRefused, type JobView } from "./job-view.ts";
import { pageFile } from "./page.ts";
import {
  BadRequest,
  controlOf,
  cursorText,
  filterOf,
  limitOf,
  originsOf,
  pageOf,
  seriesOf,
} from "./requests.ts";

const MOST_BODY_BYTES = 16 * 1024;
const LOOPBACK = "127.0.0.1";

const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  // The token stands in the URL.
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const;

export interface DashboardOptions {
  /** Default: any that is free. */
  readonly port?: number;
  /** Default: a new one. */
  readonly token?: string;
}

/** Serves the page of a job, and answers it. */
export class Dashboard {
  /** The page's, token included. */
  readonly url: string;
  readonly #server: Server;
  readonly #streams: EventStreams;
  readonly #access: Access;
  readonly #view: () => JobView;

  private constructor(server: Server, token: string, view: () => JobView) {
    const { port } = server.address() as AddressInfo;
    this.url = `http://${LOOPBACK}:${port}/?token=${token}`;
    this.#server = server;
    this.#view = view;
    this.#access = new Access(token, port);
    this.#streams = new EventStreams(() => view().snapshot());
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      void this.#serve(request, response);
    });
  }

  /** @param view what is shown now; it is asked anew for each answer */
  static async open(view: () => JobView, options: DashboardOptions = {}): Promise<Dashboard> {
    const { port = 0, token = newToken() } = options;
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, LOOPBACK, resolve);
    });
    return new Dashboard(server, token, view);
  }

  /** Pages that listen. */
  get listeners(): number {
    return this.#streams.size;
  }

  async close(): Promise<void> {
    await this.#streams.finish();
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    try {
      await this.#answer(request, response);
    } catch (error) {
      const status = statusOf(error);
      // Of what is nobody's mistake the journal's reader has said what it was: a path, and what the system told.
      sendJson(response, { error: (error as Error).message }, status);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = `http://${LOOPBACK}${request.url ?? "/"}`;
    if (!URL.canParse(target)) throw new BadRequest("that is no path");
    const url = new URL(target);
    const isApi = url.pathname.startsWith("/api/");
    const refusal =
      this.#access.foreign(request) ??
      (isApi ? this.#access.unauthorized(request, url.searchParams) : undefined);
    if (refusal !== undefined) return sendJson(response, { error: refusal.error }, refusal.status);
    if (url.pathname === "/api/control") return this.#control(request, response);
    if (request.method !== "GET" && request.method !== "HEAD")
      throw new BadRequest("only GET is answered here", 405);
    if (url.pathname === "/api/events") return this.#streams.add(response);
    if (isApi) return sendJson(response, await this.#read(url));
    const file = pageFile(url.pathname);
    if (file === undefined) throw new BadRequest("there is no such page", 404);
    response.writeHead(200, { "Content-Type": file.type }).end(file.content);
  }

  async #read({ pathname, searchParams }: URL): Promise<unknown> {
    const { log } = this.#view();
    switch (pathname) {
      case "/api/job":
        return this.#view().facts();
      case "/api/series":
        return log.series(seriesOf(searchParams));
      case "/api/items": {
        const { items, next } = await log.items(pageOf(searchParams));
        return { items, next: cursorText(next) };
      }
      case "/api/origins":
        return this.#view().origins(originsOf(searchParams));
      case "/api/open":
        return this.#view().open(limitOf(searchParams));
      case "/api/items/count":
        return log.countItems(filterOf(searchParams));
    }
    const number = /^\/api\/items\/(\d{1,15})$/.exec(pathname)?.[1];
    const item = number === undefined ? undefined : await log.item(Number(number));
    if (item === undefined) throw new BadRequest("there is no such item", 404);
    return item;
  }

  async #control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "POST") throw new BadRequest("controls are sent by POST", 405);
    // A form of another page could send text, but not that it is JSON.
    if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
      throw new BadRequest("the body must be JSON, and say so", 415);
    const answer = await this.#view().control(controlOf(await bodyOf(request)));
    sendJson(response, answer);
    await this.#streams.tell();
  }
}

function statusOf(error: unknown): number {
  if (error instanceof BadRequest) return error.status;
  return error instanceof ControlRefused ? 409 : 500;
}

function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  if (response.headersSent) return;
  const headers = { "Content-Type": "application/json", ...(status >= 400 ? { Connection: "close" } : {}) };
  response.writeHead(status, headers).end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES)
      throw new BadRequest(`the body is longer than ${MOST_BODY_BYTES} bytes`, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

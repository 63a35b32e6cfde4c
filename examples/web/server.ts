// The example page and its API: `npm run build && node examples/web/server.ts`, then open the address that it prints.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";

const BIRDS = [
  "Barnacle goose",
  "Bean goose",
  "Brent goose",
  "Canada goose",
  "Common crane",
  "Common starling",
  "Dunlin",
  "Eurasian jackdaw",
  "Eurasian wigeon",
  "Golden plover",
  "Greater flamingo",
  "Greylag goose",
  "Knot",
  "Lapwing",
  "Mute swan",
  "Pink-footed goose",
  "Red-billed quelea",
  "Rook",
  "Sandhill crane",
  "Snow goose",
  "Tundra swan",
  "White pelican",
  "White stork",
  "Whooper swan",
].map((name, index) => ({ id: index + 1, name, flock: 40 + ((index * 37) % 60) }));

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

const PAGE = new URL("./", import.meta.url);

/** What a page may ask for: its own files, and the built library. */
function fileOf(pathname: string, library: URL): URL | undefined {
  if (pathname === "/") return new URL("index.html", PAGE);
  if (pathname === "/style.css" || pathname === "/page.js") return new URL(`.${pathname}`, PAGE);
  const module = /^\/skein\/([\w-]+\.js)$/.exec(pathname)?.[1];
  return module === undefined ? undefined : new URL(module, library);
}

interface Requests {
  /** How many requests of the API were given up by the page. */
  abandoned: number;
}

interface Answer {
  readonly value: unknown;
  readonly ms: number;
}

/** Answers after a while, so that there is something to cancel. */
function answer(response: ServerResponse, seen: Requests, { value, ms }: Answer): void {
  const timer = setTimeout(() => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(value));
  }, ms);
  response.on("close", () => {
    clearTimeout(timer);
    if (!response.writableFinished) seen.abandoned += 1;
  });
}

function answerApi({ pathname, searchParams }: URL, response: ServerResponse, seen: Requests): void {
  const id = /^\/api\/birds\/(\d+)$/.exec(pathname)?.[1];
  if (id !== undefined) return answer(response, seen, { value: BIRDS[Number(id) - 1], ms: 500 });
  const search = (searchParams.get("search") ?? "").toLowerCase();
  const found = BIRDS.filter(({ name }) => name.toLowerCase().includes(search));
  answer(response, seen, { value: found, ms: 150 });
}

export interface ExampleServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: Readonly<Requests>;
}

/** @param library the folder of the built library, where `web.js` is */
export async function startExample(library: URL, port = 0): Promise<ExampleServer> {
  const seen: Requests = { abandoned: 0 };
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname.startsWith("/api/birds")) return answerApi(url, response, seen);
    const file = fileOf(url.pathname, library);
    if (file === undefined) return response.writeHead(404).end("not found");
    response.setHeader("content-type", TYPES[extname(file.pathname)] ?? "application/octet-stream");
    response.end(await readFile(file));
  });
  await new Promise<void>(resolve => server.listen(port, "127.0.0.1", resolve));
  const { port: bound } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${bound}/`, seen, [Symbol.asyncDispose]: () => stop(server) };
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>(resolve => server.close(() => resolve()));
}

if (import.meta.main) {
  const { url } = await startExample(new URL("../../packages/skein/dist/", import.meta.url), 8080);
  console.log(`open ${url}`);
}

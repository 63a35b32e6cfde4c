import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { runSkein, scratchDirectory } from "./run-skein.ts";

const ROOT = join(import.meta.dirname, "../../..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const MANUAL = README + readFileSync(join(ROOT, "docs/command-line.md"), "utf8");
const ENTRIES = {
  skein: join(import.meta.dirname, "../src/entry/node.ts"),
  "skein/jobs": join(import.meta.dirname, "../src/entry/jobs.ts"),
  "skein/testing": join(import.meta.dirname, "../src/entry/testing.ts"),
};

/** What each snippet of the README prints, in their order. */
const PRINTED = [
  /^200 true application\/json\n\{ message: 'hello', number: 42 \}\nhello\n$/,
  /^(\d+ 42\n){100}$/,
  /^\{ message: 'hello', number: 42 \} Grüße, 世界 ✓\n\n$/,
  /^HTTP_STATUS GET http:.*\/status\/404: answered 404 Not Found.*\n$/,
  /^Grüße, 世界 ✓\n\n500\n$/,
  /^complete 2 0\n$/,
  /^Grüße, 世界 ✓\n\n?$/,
];

/** The pages whose snippets say themselves what they print: `console.log(…); // this`. */
const PAGES = readdirSync(join(ROOT, "docs/migrating")).filter(name => name.endsWith(".md"));

function snippetsOf(page: string): string[] {
  return [...page.matchAll(/```ts\n(.*?)```/gs)].map(match => match[1] ?? "");
}

function printedBy(snippet: string): string[] {
  return [...snippet.matchAll(/\bconsole\.\w+\(.*\)[;,)]* \/\/ (.+)$/gm)].map(match => match[1] ?? "");
}

/** Runs a snippet as a program of its own, against `server`; beside it is a file, report.txt. */
async function run(snippet: string, server: string): Promise<string> {
  const cwd = scratchDirectory();
  const code = snippet
    .replaceAll("https://api.example.com", server)
    .replace(/ from "(skein[^"]*)"/g, (_, name: keyof typeof ENTRIES) => ` from "${ENTRIES[name]}"`);
  writeFileSync(join(cwd, "snippet.mts"), code);
  writeFileSync(join(cwd, "report.txt"), "a report");
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["snippet.mts"], { cwd });
  return stdout + stderr;
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** The API that the pages speak to, beside the origin's own paths. */
function exampleServer(): Promise<OriginServer> {
  return originServer({
    routes: {
      users: async ({ request, response, parts, query }) => {
        if (request.method === "POST") {
          const body = (await buffer(request)).toString();
          return json(response, 201, { id: 3, ...JSON.parse(body) });
        }
        if (parts[1] !== undefined) return json(response, 200, { id: Number(parts[1]), name: "Ada" });
        const page = Number(query.get("page") ?? 1);
        if (page === 1) response.setHeader("link", '</users?page=2>; rel="next"');
        return json(response, 200, page === 1 ? [{ id: 1, name: "Ada" }] : [{ id: 2, name: "Grace" }]);
      },
      me: ({ request, response }) => {
        const { authorization = "nobody" } = request.headers;
        json(response, 200, { you: authorization.replace(/ .*/, " …") });
      },
      log: ({ response }) => void response.end("one\ntwo\n"),
      updates: ({ request, response }) => {
        if (request.headers["last-event-id"] !== undefined) return void response.writeHead(204).end();
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end("retry: 10\n\nid: 1\nevent: price\ndata: 42\n\n");
      },
      files: async ({ request, response }) => {
        const headers = { "content-type": request.headers["content-type"] ?? "" };
        const form = await new Response(await buffer(request), {
          headers,
        }).formData();
        json(response, 201, { received: [...form.keys()] });
      },
    },
  });
}

describe("the README", () => {
  const snippets = snippetsOf(README);

  test("every snippet is tried", () => {
    expect(snippets).toHaveLength(PRINTED.length);
  });

  test.each(PRINTED.map((printed, index) => [index + 1, printed] as const))(
    "snippet %d runs",
    async (number, printed) => {
      await using origin = await originServer();
      expect(await run(snippets[number - 1] ?? "", origin.url)).toMatch(printed);
    },
  );

  test("links to each of the pages for those who come from another client", () => {
    expect(PAGES.filter(name => !README.includes(`docs/migrating/${name}`))).toEqual([]);
  });

  test.each(["fetch", "get"])(
    "names every flag of skein %s, or the page on the command line does",
    async command => {
      const { stdout } = await runSkein([command, "--help"]);
      const flags = [...stdout.matchAll(/^ {2}.*?(--[a-z-]+)/gm)].map(match => match[1] ?? "");
      expect(flags.length).toBeGreaterThan(10);
      expect(flags.filter(flag => flag !== "--help" && !MANUAL.includes(flag))).toEqual([]);
    },
  );
});

describe("docs/simulation.md", () => {
  const snippets = snippetsOf(readFileSync(join(ROOT, "docs/simulation.md"), "utf8"));

  test.each(snippets.map((snippet, index) => [index + 1, snippet] as const))(
    "snippet %d prints what it says",
    async (_, snippet) => {
      expect(printedBy(snippet)).not.toEqual([]);
      expect((await run(snippet, "")).trimEnd().split("\n")).toEqual(printedBy(snippet));
    },
  );
});

describe("docs/jobs.md", () => {
  const snippets = snippetsOf(readFileSync(join(ROOT, "docs/jobs.md"), "utf8"));

  test.each([
    [0, "2 2"],
    [1, "2"],
  ])("its snippet %d prints what it says", async (place, printed) => {
    await using server = await exampleServer();
    const snippet = snippets[place]!;
    expect(printedBy(snippet)).toEqual([printed]);
    expect((await run(snippet, server.url)).trim()).toBe(printed);
  });
});

describe.each(PAGES)("docs/migrating/%s", name => {
  let server: OriginServer;
  beforeAll(async () => {
    server = await exampleServer();
  });
  afterAll(() => server.close());
  const snippets = snippetsOf(readFileSync(join(ROOT, "docs/migrating", name), "utf8"));

  test("each snippet says what it prints", () => {
    expect(snippets.length).toBeGreaterThan(2);
    expect(snippets.filter(snippet => printedBy(snippet).length === 0)).toEqual([]);
  });

  test.each(snippets.map((snippet, index) => [index + 1, snippet] as const))(
    "snippet %d prints what it says",
    async (_, snippet) => {
      const printed = await run(snippet, server.url);
      expect(printed.replaceAll(server.url, "https://api.example.com").trimEnd().split("\n")).toEqual(
        printedBy(snippet),
      );
    },
  );
});

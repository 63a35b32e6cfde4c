import { gzipSync } from "node:zlib";
import { expect, type ScriptedConnection, scriptedServer, test } from "@skein/testkit";
import { Client, type ErrorCode, SkeinError } from "../../src/entry/node.ts";
import { baseline, inParallel, LIMIT_MS, nothingEscapes, outcomeOf, pause } from "./harness.ts";

const BODY = "All of it, or an error.";
const GZIPPED = gzipSync(BODY).toString("latin1");
const OK = `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;

/** Answers, whole, by name; all of them mean `BODY`. */
const ANSWERS: Readonly<Record<string, string>> = {
  sized: OK,
  chunked: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n6;a=b\r\n${BODY.slice(0, 6)}\r\n11\r\n${BODY.slice(6)}\r\n0\r\nx-sum: 1\r\n\r\n`,
  "until-close": `HTTP/1.0 200 OK\r\nServer: old\r\n\r\n${BODY}`,
  gzip: `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${GZIPPED.length}\r\n\r\n${GZIPPED}`,
  "gzip-until-close": `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n${GZIPPED}`,
  interim: `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}`,
  redirect: "HTTP/1.1 302 Found\r\nLocation: /whole\r\nContent-Length: 4\r\n\r\nover",
};

type Cut = "fin" | "rst" | "stall";

/** `/sized/fin/17/1`: the first answer to this path is cut by FIN after 17 bytes, each other one is whole. */
async function cutting(connection: ScriptedConnection, seen: Set<string>): Promise<void> {
  for (;;) {
    const path = (await connection.readHead()).split(" ")[1]!;
    const [, name = "", how, offset] = path.split("/");
    const answer = ANSWERS[name] ?? OK;
    if (name === "whole" || seen.has(path)) {
      await connection.write(answer);
      if (name.endsWith("until-close")) return connection.end();
      continue;
    }
    seen.add(path);
    if (offset !== "0") await connection.write(answer.slice(0, Number(offset)));
    if (how === "fin") return connection.end();
    if (how === "stall" && Number(offset) < answer.length) return;
    if (how === "stall") continue;
    // Behind bytes on their way: those that were sent may be read, or not.
    await pause(2);
    return connection.reset();
  }
}

const CODES: Readonly<Record<Cut, readonly ErrorCode[]>> = {
  fin: ["CONNECTION_CLOSED", "BODY_CUT", "DECODING_FAILED"],
  rst: ["CONNECTION_RESET"],
  stall: ["READ_TIMEOUT"],
};

function expectTyped(error: SkeinError, how: Cut, at: { offset: number; name: string }): void {
  expect(CODES[how], `${at.name} ${how} ${at.offset}: ${error.message}`).toContain(error.code);
  const inBody = at.offset >= ANSWERS[at.name]!.lastIndexOf("\r\n\r\n", ANSWERS[at.name]!.indexOf(BODY)) + 4;
  expect(error).toMatchObject({
    phase: error.phase === "body" ? "body" : "headers",
    requestSent: "full",
    retryable: true,
    request: { method: "GET", url: expect.stringContaining(`/${at.name}/${how}/${at.offset}/`) },
  });
  if (at.offset === 0 && how === "fin") expect(error.code).toBe("CONNECTION_CLOSED");
  if (error.phase === "body")
    expect(inBody || at.name.startsWith("gzip") || at.name === "chunked").toBe(true);
  expect(error.message).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/.*: \S/);
}

/** What may be taken for whole: the answer itself; and where only the end of the connection ends it, what came before. */
function expectWhole(text: unknown, how: Cut, at: { offset: number; name: string }): void {
  const answer = ANSWERS[at.name]!;
  // No byte of a body that only the end of the connection ends is no body, encoded or not.
  if (at.name === "gzip-until-close" && text === "" && how === "fin") return;
  if (at.name === "until-close" && how === "fin") {
    expect(at.offset).toBeGreaterThanOrEqual(answer.length - BODY.length);
    expect(text).toBe(BODY.slice(0, at.offset - answer.length + BODY.length));
    return;
  }
  expect(text).toBe(BODY);
  // Not a byte of an answer on a kept connection: then the request was sent once more, on another one.
  if (at.offset === 0 && how !== "stall") return;
  // The end of such an answer is a FIN, which a reset may overtake, but nothing else stands for.
  expect(at.offset).toBe(answer.length);
  expect(at.name.endsWith("until-close") && how !== "fin").toBe(false);
}

test.each([false, true])(
  "answers that are cut, reset or stalled at every offset (retry: %s): whole, or a typed error",
  { timeout: LIMIT_MS },
  async retry => {
    nothingEscapes();
    const restored = baseline();
    const seen = new Set<string>();
    const server = await scriptedServer(connection => cutting(connection, seen));
    const client = new Client({
      // Thousands of failures are made here on purpose.
      retry: retry ? { budget: false } : false,
      // Far more than a FIN takes to arrive, on a busy machine too.
      timeout: { total: "20s", read: 1_000 },
      limits: { maxConnectionsPerOrigin: 200 },
    });
    let cuts = 0;

    const attempt = async (name: string, how: Cut, offset: number): Promise<void> => {
      cuts += 1;
      const path = `/${name}/${how}/${offset}/${cuts}`;
      const outcome = await outcomeOf(client.get(server.url + path).text());
      if (retry && outcome === BODY) return;
      if (!retry && outcome instanceof SkeinError) expectTyped(outcome, how, { offset, name });
      else expectWhole(outcome, how, { offset, name });
    };
    function* cases(): Generator<() => Promise<void>> {
      for (const [name, answer] of Object.entries(ANSWERS)) {
        for (const how of ["fin", "rst", "stall"] as const) {
          for (let offset = 0; offset <= answer.length; offset++) yield () => attempt(name, how, offset);
        }
      }
    }
    await inParallel(200, cases());
    expect(cuts).toBeGreaterThan(1_500);
    await client.close();
    await expect.poll(() => server.openConnections, { timeout: 5_000 }).toBe(0);
    await server.close();
    await restored();
  },
);

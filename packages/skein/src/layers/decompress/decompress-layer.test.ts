import {
  bodyOf,
  contextOf,
  expect,
  fakeClock,
  requestOf,
  ScriptedService,
  type TestBody,
  test,
} from "@skein/testkit";
import { DecodingError } from "../../core/errors.ts";
import type { IncomingBody } from "../../core/incoming-body.ts";
import type { Decompressor } from "../../core/ports.ts";
import type { Response } from "../../core/response.ts";
import { decompressLayer } from "./decompress-layer.ts";

/** Sends through the layer, over a decompressor that only notes what it was asked. */
async function sendThrough(facts: { encoding?: string; method?: string; status?: number; body?: TestBody }) {
  const asked: { body: IncomingBody; codings: readonly string[] }[] = [];
  const decoded = bodyOf(["decoded"]);
  const inner = new ScriptedService();
  const decompressor: Decompressor = {
    accepts: ["gzip", "br"],
    decompress(body, codings) {
      asked.push({ body, codings });
      return decoded;
    },
  };
  const service = decompressLayer(decompressor, fakeClock())(inner);
  const outcome = service.send(requestOf("http://a.test/", { method: facts.method ?? "GET" }), contextOf());
  const body = facts.body ?? bodyOf(["encoded"]);
  const headers = { "content-length": "7", ...(facts.encoding && { "Content-Encoding": facts.encoding }) };
  (await inner.call(1)).answer({ status: facts.status ?? 200, headers, body });
  const settled = await outcome.then(
    (response: Response) => ({ response, error: undefined }),
    (error: Error) => ({ response: undefined, error }),
  );
  return { ...settled, asked, body, decoded, service, inner };
}

test.each([
  ["gzip", ["gzip"]],
  ["GZip", ["gzip"]],
  ["x-gzip", ["gzip"]],
  ["  gzip\t", ["gzip"]],
  ["gzip, br", ["gzip", "br"]],
  ["identity, gzip,, br ,", ["gzip", "br"]],
  ["gzip,gzip,gzip,gzip,gzip", ["gzip", "gzip", "gzip", "gzip", "gzip"]],
])("content-encoding %j is decoded as %j", async (encoding, codings) => {
  const { asked, body, decoded, response } = await sendThrough({ encoding });
  expect(asked).toEqual([{ body, codings }]);
  expect(response?.body).toBe(decoded);
});

test.each([
  undefined,
  "identity",
  "",
  ",",
  "compress",
  "gzip, compress",
  "constructor",
  "__proto__",
  "gzip;q=1",
])("content-encoding %j leaves the body as it is", async encoding => {
  const { asked, body, response } = await sendThrough(encoding === undefined ? {} : { encoding });
  expect(asked).toEqual([]);
  expect(response?.body).toBe(body);
});

test.each([
  ["HEAD", { method: "HEAD" }],
  ["204", { status: 204 }],
  ["304", { status: 304 }],
  ["a part of an encoded body", { status: 206 }],
  ["an empty body", { body: bodyOf([], { arrived: true }) }],
])("nothing is decoded for %s", async (_name, facts) => {
  const { asked, response, body } = await sendThrough({ encoding: "gzip", ...facts });
  expect(asked).toEqual([]);
  expect(response?.body).toBe(body);
});

test("a refused status is decoded too: its body says why", async () => {
  expect((await sendThrough({ encoding: "gzip", status: 503 })).asked).toHaveLength(1);
});

test("the headers stay as they were received", async () => {
  const { response } = await sendThrough({ encoding: "gzip" });
  expect(response?.headers.toJSON()).toEqual({ "content-length": "7", "content-encoding": "gzip" });
});

test("more than 5 codings are refused, and the body is cancelled", async () => {
  for (const encoding of [
    "gzip,gzip,gzip,gzip,gzip,gzip",
    "a,b,c,d,e,f",
    Array(20_000).fill("br").join(","),
  ]) {
    const { error, body } = await sendThrough({ encoding });
    expect(error).toBeInstanceOf(DecodingError);
    expect(error?.message).toMatch(/^the body has \d+ content codings, and at most 5 are decoded$/);
    expect(body.cancelled).toBe(true);
  }
});

test("close closes what is inside", async () => {
  const { service, inner } = await sendThrough({});
  await service.close();
  expect(inner.closed).toBe(true);
});

import { describe, expect, test } from "@skein/testkit";
import { fieldsOf } from "../../../test/http2/frame-feeds.ts";
import { FrameWriter } from "./frames/frame-writer.ts";
import { HpackDecoder } from "./hpack/hpack-decoder.ts";
import { HpackEncoder } from "./hpack/hpack-encoder.ts";
import { RequestFields } from "./request-fields.ts";
import { type RequestHead, writeRequestHead } from "./request-head.ts";

const HEAD: RequestHead = {
  streamId: 1,
  endStream: true,
  method: "GET",
  scheme: "https",
  authority: "a.example",
  path: "/p?q=1",
  fields: RequestFields.from([]),
};

function pairsOf({ fields, indexing }: RequestFields): string[] {
  return indexing.map((how, i) => `${fields[2 * i]}=${fields[2 * i + 1]} ${how}`);
}

/** The fields of the head as they are decoded. */
function written(head: Partial<RequestHead>): string[] {
  const writer = new FrameWriter();
  writeRequestHead(writer, new HpackEncoder(), { ...HEAD, ...head });
  const bytes = writer.take();
  const decoder = new HpackDecoder();
  expect(decoder.decode(bytes, 9, bytes.length)).toBe("ok");
  return fieldsOf(decoder.fields).map(([name, value]) => `${name}=${value}`);
}

describe("the fields of a request", () => {
  test("have names in lower case, and values without blanks around them", () => {
    const fields = RequestFields.from([
      ["User-Agent", " skein\t"],
      ["X-Empty", ""],
      ["Accept", "a, b"],
    ]);
    expect(pairsOf(fields)).toEqual(["user-agent=skein indexed", "x-empty= indexed", "accept=a, b indexed"]);
  });

  test("leave out what speaks of one connection, and what its connection field names", () => {
    const fields = RequestFields.from([
      ["Connection", "close, X-Hop"],
      ["Keep-Alive", "timeout=5"],
      ["Proxy-Connection", "keep-alive"],
      ["Transfer-Encoding", "chunked"],
      ["Upgrade", "h2c"],
      ["HTTP2-Settings", "AAMAAABk"],
      ["x-hop", "1"],
      ["te", "gzip"],
      ["x-kept", "2"],
    ]);
    expect(pairsOf(fields)).toEqual(["x-kept=2 indexed"]);
    expect(pairsOf(RequestFields.from([["TE", "trailers"]]))).toEqual(["te=trailers indexed"]);
  });

  test("keep secrets out of every table, and what changes each time out of ours", () => {
    const fields = RequestFields.from(
      [
        ["Authorization", "Bearer x"],
        ["Proxy-Authorization", "Basic x"],
        ["Set-Cookie", "a=b"],
        ["Cookie", "a=b"],
        ["Cookie", `session=${"x".repeat(40)}`],
        ["X-Api-Key", "k"],
        ["Content-Length", "5"],
        ["If-None-Match", '"x"'],
        ["Idempotency-Key", "i"],
      ],
      { isSecret: name => name === "x-api-key" },
    );
    expect(pairsOf(fields)).toEqual([
      "authorization=Bearer x never",
      "proxy-authorization=Basic x never",
      "set-cookie=a=b never",
      "cookie=a=b never",
      `cookie=session=${"x".repeat(40)} indexed`,
      "x-api-key=k never",
      "content-length=5 plain",
      'if-none-match="x" plain',
      "idempotency-key=i plain",
    ]);
  });

  test.each<[string, string, string]>([
    ["a b", "x", 'header name "a b": a space at position 1 can\'t be sent'],
    ["", "x", 'header name "": it is empty'],
    [":path", "x", 'header name ":path": ":" at position 0 can\'t be sent'],
    ["é", "x", 'header name "é": 0xe9 at position 0 can\'t be sent'],
    ["a", "x\r\ny: z", 'header "a": a carriage return at position 1 can\'t be sent'],
    ["a", " x\0", 'header "a": a NUL at position 2 can\'t be sent'],
    ["a", "ż", 'header "a": U+017C at position 0 can\'t be sent'],
    ["host", "a b", 'header "host": a space at position 1 can\'t be sent'],
    ["host", "", 'header "host": it is empty'],
  ])("%j: %j is refused", (name, value, message) => {
    expect(() => RequestFields.from([[name, value]])).toThrow(message);
  });
});

describe("the head of a request", () => {
  test("begins with the pseudo-headers", () => {
    const more = RequestFields.from([["content-length", "3"]]);
    expect(written({ method: "POST", fields: RequestFields.from([["A", "b"]]), more })).toEqual([
      ":method=POST",
      ":scheme=https",
      ":path=/p?q=1",
      ":authority=a.example",
      "a=b",
      "content-length=3",
    ]);
  });

  test("of CONNECT names the other end only", () => {
    expect(written({ method: "CONNECT", authority: "a.example:443" })).toEqual([
      ":method=CONNECT",
      ":authority=a.example:443",
    ]);
  });

  test("names the host that the fields name, if they do", () => {
    expect(written({ fields: RequestFields.from([["Host", "b.example"]]) })).toContain(
      ":authority=b.example",
    );
    const more = RequestFields.from([["Host", "c.example"]]);
    expect(written({ more })).toContain(":authority=c.example");
  });

  test.each<[Partial<RequestHead>, string]>([
    [{ method: "G T" }, "method: a space at position 1 can't be sent"],
    [{ method: "" }, "method: it is empty"],
    [{ path: "/a b" }, "target: a space at position 2 can't be sent"],
    [{ path: "" }, "target: it is empty"],
    [{ authority: "a\r\nb" }, "authority: a carriage return at position 1 can't be sent"],
    [{ authority: "" }, "authority: it is empty"],
  ])("is refused with %j, and nothing is written", (head, message) => {
    const writer = new FrameWriter();
    const encoder = new HpackEncoder();
    encoder.allowTableSize(0);
    expect(() => writeRequestHead(writer, encoder, { ...HEAD, ...head })).toThrow(message);
    expect(writer.pending).toBe(0);
    writeRequestHead(writer, encoder, HEAD);
    // The size update is still to be told.
    expect(writer.take()[9]).toBe(0x20);
  });
});

import { describe, expect, test } from "@skein/testkit";
import { type Exchange, readEveryWay } from "./answer-feeds.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const CHUNKED_HEAD = String.raw`head 200 OK "transfer-encoding: chunked\r\n" length ?`;

/** What the table calls it, the answer, what is to be read from it. */
type Case = [name: string, answer: string, events: string[], exchange?: Exchange];

function bodyOf(length: string | number, body: string): string {
  return `${OK}content-length: ${length}\r\n\r\n${body}`;
}

const ENDS: Case[] = [
  [
    "a known length",
    bodyOf(5, "hello"),
    [String.raw`head 200 OK "content-length: 5\r\n" length 5`, 'body "hello"', "end reusable"],
  ],
  ["length 0", bodyOf(0, ""), [String.raw`head 200 OK "content-length: 0\r\n" length 0`, "end reusable"]],
  [
    "zeros in front of the length, blanks around it",
    `${OK}Content-Length:\t 0005 \t\r\n\r\nhello`,
    [String.raw`head 200 OK "Content-Length:\t 0005 \t\r\n" length 5`, 'body "hello"', "end reusable"],
  ],
  ["until the connection closes", `${OK}\r\nhello`, ['head 200 OK "" length ?', 'body "hello"', "end close"]],
  ["until it closes, at once", `${OK}\r\n`, ['head 200 OK "" length ?', "end close"]],
  ["chunked", `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`, [CHUNKED_HEAD, 'body "hello"', "end reusable"]],
  ["chunked, and empty", `${CHUNKED}0\r\n\r\n`, [CHUNKED_HEAD, "end reusable"]],
  [
    "chunked, whatever its case, blanks around it",
    `${OK}Transfer-Encoding:\t CHUNKED  \r\n\r\n0\r\n\r\n`,
    [String.raw`head 200 OK "Transfer-Encoding:\t CHUNKED  \r\n" length ?`, "end reusable"],
  ],
  [
    "several chunks, sizes in either case and with zeros in front",
    `${CHUNKED}0a\r\n0123456789\r\nA\r\n0123456789\r\n0001\r\n!\r\n000\r\n\r\n`,
    [CHUNKED_HEAD, 'body "01234567890123456789!"', "end reusable"],
  ],
  [
    "chunk extensions",
    `${CHUNKED}3;a;b=c\r\nabc\r\n3;q="x y;=\\"\\\\\tz\u00e9";r=s\r\ndef\r\n0;last\r\n\r\n`,
    [CHUNKED_HEAD, 'body "abcdef"', "end reusable"],
  ],
  [
    "trailers",
    `${CHUNKED}1\r\nx\r\n0\r\nx-sum: 1\r\nx-more:\r\n\r\n`,
    [CHUNKED_HEAD, 'body "x"', String.raw`end "x-sum: 1\r\nx-more:\r\n" reusable`],
  ],
  [
    "a line end in the data of a chunk",
    `${CHUNKED}7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n`,
    [CHUNKED_HEAD, String.raw`body "\r\n0\r\n\r\n"`, "end reusable"],
  ],
  [
    "HEAD, with a length",
    bodyOf(5, ""),
    [String.raw`head 200 OK "content-length: 5\r\n" length 0`, "end reusable"],
    { method: "HEAD" },
  ],
  [
    "HEAD, chunked",
    CHUNKED,
    [String.raw`head 200 OK "transfer-encoding: chunked\r\n" length 0`, "end reusable"],
    { method: "HEAD" },
  ],
  ["HEAD, with no length", `${OK}\r\n`, ['head 200 OK "" length 0', "end reusable"], { method: "HEAD" }],
  ["204", "HTTP/1.1 204 No Content\r\n\r\n", ['head 204 No Content "" length 0', "end reusable"]],
  [
    "304, with the length that a 200 would have had",
    "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n",
    [String.raw`head 304 Not Modified "content-length: 5\r\n" length 0`, "end reusable"],
  ],
  [
    "204, chunked all the same",
    "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n",
    [String.raw`head 204 No Content "transfer-encoding: chunked\r\n" length 0`, "end reusable"],
  ],
  [
    "2xx to CONNECT: a tunnel follows",
    `${OK}content-length: 5\r\n\r\n`,
    [String.raw`head 200 OK "content-length: 5\r\n" length 0`, "end close"],
    { method: "CONNECT" },
  ],
  [
    "CONNECT refused",
    "HTTP/1.1 407 Who\r\ncontent-length: 1\r\n\r\nx",
    [String.raw`head 407 Who "content-length: 1\r\n" length 1`, 'body "x"', "end reusable"],
    { method: "CONNECT" },
  ],
];

describe("where a body ends", () => {
  test.each(ENDS)("%s", (_, answer, events, exchange) => {
    expect(readEveryWay(answer, exchange)).toEqual(events);
  });
});

const STATUS_LINES: [line: string, head: string][] = [
  ["HTTP/1.1 200 OK", "200 OK"],
  ["HTTP/1.1 200 ", "200 "],
  ["HTTP/1.1 200", "200 "],
  ["HTTP/1.1 404 Not  Found\t!", "404 Not  Found\t!"],
  ["HTTP/1.1 200 \u00dcber \u0080\u00ff", "200 \u00dcber \u0080\u00ff"],
  ["HTTP/1.1 599 Late", "599 Late"],
  ["HTTP/1.1 600 Odd", "600 Odd"],
  ["HTTP/1.1 999 Request denied", "999 Request denied"],
];

describe("status lines", () => {
  test.each(STATUS_LINES)("%j", (line, head) => {
    const events = readEveryWay(`${line}\r\ncontent-length: 0\r\n\r\n`);
    expect(events).toEqual([String.raw`head ${head} "content-length: 0\r\n" length 0`, "end reusable"]);
  });
});

const KEEP_ALIVE: [fields: string, version: string, end: string][] = [
  ["", "1.1", "reusable"],
  ["", "1.0", "close"],
  ["connection: close", "1.1", "close"],
  ["Connection: Close", "1.1", "close"],
  ["connection: keep-alive", "1.0", "reusable"],
  ["connection: Keep-Alive", "1.0", "reusable"],
  ["connection: x, close", "1.1", "close"],
  ["connection: ,, x ,\tclose ,", "1.1", "close"],
  ["connection: close, keep-alive", "1.0", "close"],
  ["connection: keep-alive\r\nconnection: close", "1.1", "close"],
  ["connection: closed, not-close, close x", "1.1", "reusable"],
  ["connection: upgrade\r\nupgrade: h2c", "1.1", "reusable"],
  ["proxy-connection: close", "1.1", "close"],
  ["proxy-connection: keep-alive", "1.0", "close"],
  ["keep-alive: timeout=5", "1.1", "reusable for 5 s"],
  ["Keep-Alive: max=100, Timeout=15", "1.1", "reusable for 15 s"],
  ["keep-alive: timeout=15\r\nkeep-alive: timeout=5, timeout=7", "1.1", "reusable for 5 s"],
  ["keep-alive: timeout=0", "1.1", "reusable for 0 s"],
  ["keep-alive: max=1,timeout=19", "1.1", "reusable for 19 s"],
  ["keep-alive: timeout=999999999", "1.1", "reusable for 999999999 s"],
  ["keep-alive: max=100000000", "1.1", "reusable"],
  ["keep-alive: timeout=, timeout=x, timeout, 300", "1.1", "reusable"],
  ["keep-alive: timeout=8, timeout=x", "1.1", "reusable for 8 s"],
  ["keep-alive: timeout=99999999999", "1.1", "reusable"],
  ["xonnection: close\r\nkeep-alivf: timeout=5\r\nxroxy-connection: close", "1.1", "reusable"],
];

describe("whether another request may follow", () => {
  test.each(KEEP_ALIVE)("%j, HTTP/%s: %s", (fields, version, end) => {
    const lines = fields === "" ? "" : `${fields}\r\n`;
    const events = readEveryWay(`HTTP/${version} 200 OK\r\n${lines}content-length: 1\r\n\r\nx`);
    expect(events.at(-1)).toBe(`end ${end}`);
  });

  test("a close that only the trailers tell", () => {
    expect(readEveryWay(`${CHUNKED}0\r\nconnection: close\r\n\r\n`).at(-1)).toMatch(/ close$/);
  });
});

describe("interim answers", () => {
  test("come before the final one, with their fields", () => {
    const interim =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\ncontent-length: 0\r\n\r\n";
    expect(readEveryWay(interim + bodyOf(2, "ok"))).toEqual([
      'interim 100 ""',
      String.raw`interim 103 "link: </a>\r\ncontent-length: 0\r\n"`,
      String.raw`head 200 OK "content-length: 2\r\n" length 2`,
      'body "ok"',
      "end reusable",
    ]);
  });

  test("a 101 is refused: nobody had asked for another protocol", () => {
    const answer = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    expect(readEveryWay(answer)).toEqual([expect.stringMatching(/^error upgrade at 0: .*101/)]);
  });

  test.each([
    ["connection: close\r\n", "closes the connection"],
    ["content-length: 9\r\n", "announces a body"],
    ["transfer-encoding: chunked\r\n", "announces a body"],
  ])("one with %j can't be followed by a final one: it %s", (field, detail) => {
    const [event] = readEveryWay(`HTTP/1.1 103 Early Hints\r\n${field}\r\n${bodyOf(0, "")}`);
    expect(event).toMatch(/^error interim at 0: /);
    expect(event).toContain(detail);
  });

  test("HTTP/1.0, which has none, is not waited for: it would have closed the connection", () => {
    const [event] = readEveryWay(`HTTP/1.0 100 Continue\r\n\r\n${bodyOf(0, "")}`);
    expect(event).toMatch(/^error interim at 0: .* closes the connection/);
  });

  test("nothing of an interim answer counts for the final one", () => {
    const interim = "HTTP/1.1 103 Hints\r\ncontent-length: 0\r\nkeep-alive: timeout=3\r\n\r\n";
    expect(readEveryWay(`${interim}HTTP/1.1 200 OK\r\n\r\nx`).slice(1)).toEqual([
      'head 200 OK "" length ?',
      'body "x"',
      "end close",
    ]);
  });
});

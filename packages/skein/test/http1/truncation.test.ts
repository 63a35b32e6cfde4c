import { describe, expect, test } from "@skein/testkit";
import { bytesOf, readIn } from "./answer-feeds.ts";

const OK = "HTTP/1.1 200 OK\r\ndate: Sun, 22 Nov 2026 10:00:00 GMT\r\n";

/** Answers whose end can be told: none of their beginnings may pass for the whole. */
const CANNED: [name: string, answer: string, method?: string][] = [
  ["a known length", `${OK}content-length: 12\r\n\r\nhello, world`],
  [
    "chunked",
    `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n10;a="b"\r\n0123456789abcdef\r\n0\r\n\r\n`,
  ],
  [
    "chunked, with trailers",
    `${OK}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 1\r\nx-end: 2\r\n\r\n`,
  ],
  [
    "behind interim answers",
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: </a>\r\n\r\n${OK}content-length: 2\r\n\r\nok`,
  ],
  ["no body", "HTTP/1.1 204 No Content\r\nserver: x\r\n\r\n"],
  ["the answer to a HEAD", `${OK}content-length: 12\r\n\r\n`, "HEAD"],
  ["HTTP/1.0, kept alive", "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 3\r\n\r\nabc"],
];

describe("an answer that is cut", () => {
  test.each(CANNED)("%s: is whole at its last byte only", (_, answer, method = "GET") => {
    const bytes = bytesOf(answer);
    for (let cut = 0; cut < bytes.length; cut++) {
      const events = readIn([bytes.subarray(0, cut)], { method });
      const end = events.at(-1)!;
      expect(end, `cut at ${cut}`).toMatch(/^error (closed|cut-head|cut-body) /);
      expect(end, `cut at ${cut}`).toContain(` at ${cut}: `);
      expect(events.filter(event => event.startsWith("end"))).toEqual([]);
    }
    expect(readIn([bytes], { method }).at(-1)).toMatch(/^end/);
  });

  test.each([
    ["", "closed", "before an answer began"],
    ["H", "cut-head", "inside the head"],
    ["HTTP/1.1 100 Continue\r\n\r\n", "cut-head", "inside the head"],
    ["HTTP/1.1 200 OK\r\n\r", "cut-head", "inside the head"],
    ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", "cut-body", "2 bytes before the body did"],
    ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "cut-body", "before the last chunk"],
    ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", "cut-body", "before the last chunk"],
    ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", "cut-body", "inside the trailers"],
  ])("%j is %s: %s", (answer, code, detail) => {
    const end = readIn([bytesOf(answer)]).at(-1);
    expect(end).toContain(`error ${code} at ${answer.length}: `);
    expect(end).toContain(detail);
  });

  test("a body that only the connection ends is whole wherever that is: nothing else can tell", () => {
    const bytes = bytesOf(`${OK}\r\nhello`);
    for (let length = bytes.length - 5; length <= bytes.length; length++) {
      expect(readIn([bytes.subarray(0, length)]).at(-1)).toBe("end close");
    }
  });
});

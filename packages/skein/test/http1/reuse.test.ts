import { describe, expect, test } from "@skein/testkit";
import { readInTurn, readWhole } from "./answer-feeds.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/** Answers after which a connection stays usable; each leaves the reader in another place. */
const ANSWERS = {
  sized:
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: keep-alive\r\nkeep-alive: timeout=5\r\n\r\nhello",
  empty: "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n",
  "without a body": "HTTP/1.1 304 Not Modified\r\n\r\n",
  chunked: `${CHUNKED}5\r\nhello\r\n1f;a="b"\r\n${"x".repeat(31)}\r\n0\r\n\r\n`,
  "with trailers": `${CHUNKED}1\r\nx\r\n0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n`,
  "with an interim answer":
    "HTTP/1.1 103 Hints\r\na: b\r\n\r\nHTTP/1.1 200 Fine\r\ncontent-length: 1\r\n\r\nx",
  "with many interim answers": `${"HTTP/1.1 102 Wait\r\n\r\n".repeat(15)}HTTP/1.1 204 None\r\n\r\n`,
  "HTTP/1.0": "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",
  "HTTP/1.0, to be closed": "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
  "with many fields": `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(199)}content-length: 0\r\n\r\n`,
};
const NAMES = Object.keys(ANSWERS) as (keyof typeof ANSWERS)[];
const USABLE = NAMES.filter(name => !name.endsWith("closed"));

describe("nothing of an answer reaches the next one on its connection", () => {
  test.each(USABLE)("%s", first => {
    for (const second of NAMES) {
      const alone = [...readWhole(ANSWERS[first]), ...readWhole(ANSWERS[second])];
      for (const pieceLength of [1, 2, 7, 64, 10_000]) {
        const events = readInTurn([ANSWERS[first], ANSWERS[second]], pieceLength);
        expect(events, `${second}, in pieces of ${pieceLength}`).toEqual(alone);
      }
    }
  });
});

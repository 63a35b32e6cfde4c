import { describe, expect, test } from "@skein/testkit";
import { bytesOf, EventLog, readEveryWay, readIn, readWhole } from "./answer-feeds.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const MEBIBYTE = 2 ** 20;

/** Feeds the same bytes again and again until the reader has had enough. Returns how it ended, and after how much. */
function flood(opening: string, again: string): { end: string; fed: number } {
  const log = new EventLog();
  log.read(bytesOf(opening));
  const bytes = bytesOf(again);
  let fed = 0;
  while (!log.settled && fed < 16 * MEBIBYTE) {
    log.read(bytes);
    fed += bytes.length;
  }
  return { end: log.events.at(-1) ?? "nothing", fed };
}

describe("floods end in an error, within the limits", () => {
  test.each([
    ["a reason phrase", "HTTP/1.1 200 ", "x".repeat(999), "head-too-large"],
    ["a field name", OK, "x".repeat(999), "head-too-large"],
    ["a field value", `${OK}a:`, "x".repeat(999), "head-too-large"],
    ["blanks", `${OK}a:`, " ".repeat(999), "head-too-large"],
    ["zeros of a content-length", `${OK}content-length:`, "0".repeat(999), "head-too-large"],
    ["fields", OK, "a:\r\n", "too-many-fields"],
    ["cookies", OK, `set-cookie: ${"x".repeat(300)}\r\n`, "too-many-fields"],
    ["large fields", OK, `a: ${"x".repeat(3_000)}\r\n`, "head-too-large"],
    ["interim answers", "", "HTTP/1.1 102 Processing\r\n\r\n", "too-many-interim"],
    ["zeros of a chunk size", CHUNKED, "0".repeat(99), "chunk-extension-too-long"],
    ["a chunk extension's name", `${CHUNKED}1;`, "x".repeat(99), "chunk-extension-too-long"],
    ["a chunk extension's value", `${CHUNKED}1;a="`, "x".repeat(99), "chunk-extension-too-long"],
    ["chunk extensions", `${CHUNKED}1`, ";a=b", "chunk-extension-too-long"],
    ["a trailer", `${CHUNKED}0\r\na:`, "x".repeat(999), "trailers-too-large"],
    ["trailers", `${CHUNKED}0\r\n`, "a:\r\n", "too-many-fields"],
    ["large trailers", `${CHUNKED}0\r\n`, `a: ${"x".repeat(3_000)}\r\n`, "trailers-too-large"],
    ["blank lines", "", "\r\n", "status-line"],
  ])("%s", (_, opening, again, code) => {
    const { end, fed } = flood(opening, again);
    expect(end).toMatch(new RegExp(`^error ${code} `));
    expect(fed).toBeLessThan(70_000);
  });

  test("100,000 cookies in one read are refused at the 201st field", () => {
    const cookies = "set-cookie: a=b\r\n";
    const end = readWhole(OK + cookies.repeat(100_000)).at(-1);
    expect(end).toBe(
      `error too-many-fields at ${OK.length + 200 * cookies.length}: more than 200 field lines`,
    );
  });
});

describe("the limits are exact, however the bytes come", () => {
  const limits = { maxHeaderBytes: 100, maxFields: 3, maxInterim: 2 };
  const interim = "HTTP/1.1 102 Wait\r\n\r\n";
  const nothing = "HTTP/1.1 204 None\r\n";

  test("bytes of a head", () => {
    const head = (bytes: number) => `${nothing}a:${"x".repeat(bytes - nothing.length - 6)}\r\n\r\n`;
    expect(readEveryWay(head(100), { limits }).at(-1)).toBe("end reusable");
    expect(readEveryWay(head(101), { limits })).toEqual([
      "error head-too-large at 100: the head is larger than 100 bytes",
    ]);
  });

  test("bytes of trailers", () => {
    const answer = (bytes: number) => `${CHUNKED}0\r\na:${"x".repeat(bytes - 6)}\r\n\r\n`;
    expect(readEveryWay(answer(100), { limits }).at(-1)).toMatch(/^end .* reusable$/);
    expect(readEveryWay(answer(101), { limits }).at(-1)).toBe(
      `error trailers-too-large at ${CHUNKED.length + 103}: the trailers are larger than 100 bytes`,
    );
  });

  test("fields", () => {
    expect(readEveryWay(`${nothing}${"a:\r\n".repeat(3)}\r\n`, { limits }).at(-1)).toBe("end reusable");
    expect(readEveryWay(`${nothing}${"a:\r\n".repeat(4)}\r\n`, { limits }).at(-1)).toBe(
      `error too-many-fields at ${nothing.length + 12}: more than 3 field lines`,
    );
  });

  test("interim answers", () => {
    expect(readEveryWay(`${interim.repeat(2)}${nothing}\r\n`, { limits }).at(-1)).toBe("end reusable");
    expect(readEveryWay(`${interim.repeat(3)}${nothing}\r\n`, { limits }).at(-1)).toBe(
      `error too-many-interim at ${2 * interim.length}: more than 2 interim answers`,
    );
  });

  test("bytes of a chunk's size line", () => {
    const line = (bytes: number) => `1;${"x".repeat(bytes - 4)}\r\n`;
    expect(readWhole(`${CHUNKED}${line(4_096)}x\r\n0\r\n\r\n`).at(-1)).toBe("end reusable");
    expect(readWhole(`${CHUNKED}${line(4_097)}x\r\n0\r\n\r\n`).at(-1)).toMatch(
      /^error chunk-extension-too-long /,
    );
  });
});

/**
 * Fed byte by byte, a parser that looks at what it has again with each byte would take 10^12 steps for these: days. The
 * deadline of the test is the assertion.
 */
test("a chunk may be as large as a number can count", () => {
  expect(readWhole(`${CHUNKED}1fffffffffffff\r\nx`).at(-1)).toMatch(/^error cut-body /);
});

describe("no answer takes more than linear time", () => {
  const limits = { maxHeaderBytes: 4 * MEBIBYTE, maxFields: 10 ** 6 };
  const long = "x".repeat(2 * MEBIBYTE);
  test.each([
    ["a reason phrase", `HTTP/1.1 204 ${long}\r\n\r\n`],
    ["a field", `${OK}content-length: 0\r\na: ${long}\r\n\r\n`],
    ["many fields", `${OK}content-length: 0\r\n${"connection: x\r\n".repeat(50_000)}\r\n`],
    ["a list", `${OK}content-length: 0\r\nconnection: ${"x, ".repeat(500_000)}\r\n\r\n`],
    ["commas", `${OK}content-length: 0\r\nkeep-alive: ${",".repeat(2 * MEBIBYTE)}\r\n\r\n`],
    ["blanks", `${OK}content-length: ${" ".repeat(2 * MEBIBYTE)}0\r\n\r\n`],
    ["one-byte chunks", `${CHUNKED}${"1\r\nx\r\n".repeat(300_000)}0\r\n\r\n`],
    ["a trailer", `${CHUNKED}0\r\na: ${long}\r\n\r\n`],
  ])("%s", (_, answer) => {
    const bytes = bytesOf(answer);
    const log = new EventLog({ limits });
    for (let at = 0; at < bytes.length; at++) log.reader.receive(bytes, at, at + 1);
    expect(log.finish().at(-1)).toMatch(/^end/);
    expect(readIn([bytes], { limits }).at(-1)).toMatch(/^end/);
  });
});

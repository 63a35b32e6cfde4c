import { describe, expect, test } from "@skein/testkit";
import { type Exchange, readEveryWay, readWhole } from "./answer-feeds.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

/** The one event that an answer ends in: its violation. */
function violationOf(answer: string, exchange?: Exchange): string {
  return readEveryWay(answer, exchange).at(-1)!;
}

/** The text that is wrong, where in it, and how the violation describes it. */
type Refusal = [text: string, offset: number, detail: string | RegExp];

function refuses(code: string, before: string, cases: Refusal[], after = "\r\n\r\n"): void {
  test.each(cases)("%j", (text, offset, detail) => {
    const [, found, at, said] = /^error (\S+) at (\d+): (.*)$/s.exec(violationOf(before + text + after))!;
    expect(found).toBe(code);
    expect(Number(at) - before.length).toBe(offset);
    expect(said).toMatch(detail);
  });
}

describe("what is no status line", () => {
  const notHttp = /^the answer does not start with "HTTP\/1.1 " or "HTTP\/1.0 "$/;
  const notThreeDigits = /^the status is not three digits/;
  refuses("status-line", "", [
    ["\r\nHTTP/1.1 200 OK", 0, notHttp],
    ["\nHTTP/1.1 200 OK", 0, notHttp],
    [" HTTP/1.1 200 OK", 0, notHttp],
    ["<html>", 0, notHttp],
    ["SSH-2.0-OpenSSH_9.2", 0, notHttp],
    ["\x15\x03\x01\x00\x02\x02P", 0, notHttp],
    ["http/1.1 200 OK", 0, notHttp],
    ["HTTP 200 OK", 4, notHttp],
    ["HTTP/2.0 200 OK", 5, notHttp],
    ["HTTP/0.9 200 OK", 5, notHttp],
    ["HTTP/1.2 200 OK", 7, notHttp],
    ["HTTP/1.10 200 OK", 8, notHttp],
    ["HTTP/1.1\t200 OK", 8, notHttp],
    ["HTTP/1.1  200 OK", 9, notThreeDigits],
    ["HTTP/1.1 099 OK", 9, notThreeDigits],
    ["HTTP/1.1 000 OK", 9, notThreeDigits],
    ["HTTP/1.1 20 OK", 11, notThreeDigits],
    ["HTTP/1.1 2OO OK", 10, notThreeDigits],
    ["HTTP/1.1 -20 OK", 9, notThreeDigits],
    ["HTTP/1.1 2000 OK", 12, notThreeDigits],
    ["HTTP/1.1 200\tOK", 12, notThreeDigits],
    ["HTTP/1.1 200\nA: b", 12, notThreeDigits],
    ["HTTP/1.1 200 O\x00K", 14, "the reason phrase holds a NUL"],
    ["HTTP/1.1 200 O\x1bK", 14, "the reason phrase holds 0x1b"],
    ["HTTP/1.1 200 O\x7fK", 14, "the reason phrase holds a DEL"],
    ["HTTP/1.1 200 \nA: b", 13, "the reason phrase holds a line feed"],
    ["HTTP/1.1 200 OK\nA: b", 15, "the reason phrase holds a line feed"],
    ["HTTP/1.1 200 O\rK", 15, 'carriage return that "K" follows'],
    ["HTTP/1.1 200\rOK", 13, 'carriage return that "O" follows'],
    ["HTTP/1.1 200 OK\r\r\nA: b", 16, "carriage return that a carriage return follows"],
  ]);

  test("is refused at its first byte, however slowly the rest comes", () => {
    expect(readWhole("S")).toEqual([expect.stringMatching(/^error status-line at 0: /)]);
    expect(readWhole("HTTP/1.1 200 OK\n")).toEqual([expect.stringMatching(/^error status-line at 15: /)]);
  });
});

const FIELD_LINES: Refusal[] = [
  ["a : b", 1, "a field name holds a space"],
  ["a\t: b", 1, "a field name holds a tab"],
  ["a b: c", 1, "a field name holds a space"],
  [": b", 0, "a field without a name"],
  [" : b", 0, "a folded line"],
  [" a: b", 0, "a folded line"],
  ["\ta: b", 0, "a folded line"],
  ["a: b\r\n c", 6, "a folded line"],
  ["a: b\r\n\tc: d", 6, "a folded line"],
  ["a", 1, "a field name holds a carriage return"],
  ["a\n: b", 1, "a field name holds a line feed"],
  ["(a): b", 0, 'a field name starts with "("'],
  ["\x00a: b", 0, "a field name starts with a NUL"],
  ["a\x00: b", 1, "a field name holds a NUL"],
  ["a\u00e9: b", 1, "a field name holds 0xe9"],
  ["a\x7f: b", 1, "a field name holds a DEL"],
  ["a@b: c", 1, 'a field name holds "@"'],
  ["a[b: c", 1, 'a field name holds "["'],
  ["a: b\x00c", 4, "a field value holds a NUL"],
  ["transfer-encoding: \x0bchunked", 19, "a field value holds 0x0b"],
  ["a: \x0b", 3, "a field value holds 0x0b"],
  ["a: \x1f", 3, "a field value holds 0x1f"],
  ["a: \x7f", 3, "a field value holds a DEL"],
  ["a: b\nc: d", 4, "a line feed that no carriage return precedes"],
  ["a: b\n\n", 4, "a line feed that no carriage return precedes"],
  ["\nc: d", 0, "a field name starts with a line feed"],
  ["a: b\rc: d", 5, 'a carriage return that "c" follows'],
  ["a: b\r\r\nc: d", 5, "a carriage return that a carriage return follows"],
  ["a: b\r\n\rX", 7, 'a carriage return that "X" follows'],
];

describe("what is no field line", () => {
  refuses("field", OK, FIELD_LINES);
});

describe("what is no trailer", () => {
  refuses("trailer", `${CHUNKED}1\r\nx\r\n0\r\n`, [
    ...FIELD_LINES,
    ["content-length: 1", 15, "content-length came as a trailer"],
    ["Transfer-Encoding: chunked", 18, "transfer-encoding came as a trailer"],
  ]);
});

describe("what is no length", () => {
  refuses("content-length", `${OK}content-length:`, [
    [" +3", 0, /^content-length "\+3" is not a number$/],
    [" -3", 0, '"-3" is not a number'],
    [" 3, 3", 0, '"3, 3" is not a number'],
    [" 3,3", 0, '"3,3" is not a number'],
    [" 3 3", 0, '"3 3" is not a number'],
    [" 0x3", 0, '"0x3" is not a number'],
    [" 3;", 0, '"3;" is not a number'],
    [" 3.0", 0, '"3.0" is not a number'],
    [" 3e2", 0, '"3e2" is not a number'],
    [" 3_0", 0, '"3_0" is not a number'],
    [" \u00b3", 0, '"\u00b3" is not a number'],
    ["", 0, '"" is not a number'],
    ["  \t ", 0, '"" is not a number'],
    [" 9007199254740992", 0, "is too large"],
    [" 18446744073709551616", 0, "is too large"],
    [` ${"9".repeat(400)}`, 0, `"${"9".repeat(40)}…" is too large`],
    [" 3\r\ncontent-length: 3", 19, "content-length came twice"],
    [" 3\r\nContent-Length: 4", 19, "content-length came twice"],
    [" 0\r\ncontent-length: 3", 19, "content-length came twice"],
  ]);

  test("the largest that can be counted is taken", () => {
    const [head] = readEveryWay(`${OK}content-length: 9007199254740991\r\n\r\n`);
    expect(head).toMatch(/length 9007199254740991$/);
  });

  test.each(["HEAD", "GET"])("also where there is no body (%s, 304)", method => {
    const answer = "HTTP/1.1 304 Same\r\ncontent-length: 3, 3\r\n\r\n";
    expect(violationOf(answer, { method })).toMatch(/^error content-length /);
  });
});

describe("what is no transfer-encoding of ours", () => {
  refuses("transfer-encoding", `${OK}transfer-encoding:`, [
    [" ,chunked", 0, /^transfer-encoding is ",chunked", not "chunked"$/],
    [" chunked,", 0, '"chunked,"'],
    [" xchunked", 0, '"xchunked"'],
    [" chunkedx", 0, '"chunkedx"'],
    [" chunke", 0, '"chunke"'],
    [" chunked;a=b", 0, '"chunked;a=b"'],
    [' "chunked"', 0, '""chunked""'],
    // Found by the generated answers: Node's parser reads no chunks here.
    [" chunked\t", 0, '"chunked\t"'],
    [" chunked \t ", 0, '"chunked \t "'],
    [" gzip", 0, '"gzip"'],
    [" identity", 0, '"identity"'],
    [" chunked, gzip", 0, '"chunked, gzip"'],
    [" gzip, chunked", 0, '"gzip, chunked"'],
    [" chunked, chunked", 0, '"chunked, chunked"'],
    ["", 0, '""'],
    [" chunked\r\ntransfer-encoding: chunked", 28, "transfer-encoding came twice"],
    [" chunked\r\ntransfer-encoding: identity", 28, "transfer-encoding came twice"],
  ]);

  const both = "the answer has both a content-length and a transfer-encoding";
  const cases: [fields: string, exchange: Exchange][] = [
    ["content-length: 3\r\ntransfer-encoding: chunked", {}],
    ["transfer-encoding: chunked\r\ncontent-length: 3", {}],
    ["transfer-encoding: chunked\r\ncontent-length: 0", {}],
    ["transfer-encoding: chunked\r\ncontent-length: 3", { method: "HEAD" }],
  ];
  test.each(cases)("beside a length: %j %o", (fields, exchange) => {
    const answer = `${OK}${fields}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
    expect(violationOf(answer, exchange)).toBe(`error transfer-encoding at 0: ${both}`);
  });

  test("in HTTP/1.0", () => {
    const answer = "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(violationOf(answer)).toMatch(/^error transfer-encoding at 0: .*HTTP\/1\.0/);
  });
});

describe("what is no chunk size", () => {
  refuses("chunk-size", CHUNKED, [
    ["", 0, "a carriage return where the size of a chunk should start"],
    [";a=b", 0, '";" where the size of a chunk should start'],
    [" 3", 0, "a space where"],
    ["-3", 0, '"-" where'],
    ["+3", 0, /^"\+" where/],
    ["0x3", 1, '"x" in the size of a chunk'],
    ["0_2e", 1, '"_" in the size of a chunk'],
    ["3 ", 1, "a space in the size of a chunk"],
    ["3\t;a", 1, "a tab in the size of a chunk"],
    ["3 3", 1, "a space in the size of a chunk"],
    ["3,3", 1, '"," in the size of a chunk'],
    ["g", 0, '"g" where'],
    ["\x00", 0, "a NUL where"],
    ["3\n", 1, "a line feed in the size of a chunk"],
    ["3\rX", 2, '"X" instead of a line feed behind the size of a chunk'],
    ["20000000000000", 13, "too large"],
    ["ffffffffffffffff", 13, "too large"],
    ["10000000000000003", 14, "too large"],
  ]);
});

describe("what is no chunk extension", () => {
  refuses("chunk-extension", `${CHUNKED}3`, [
    [";", 1, "where the name of a chunk extension should start"],
    [";;a", 1, '";" where the name of a chunk extension should start'],
    ["; a", 1, "a space where the name"],
    [";=b", 1, '"=" where the name'],
    [";a b", 2, "a space in the name"],
    [";a\x00", 2, "a NUL in the name"],
    [";a\n", 2, "a line feed in the name"],
    [";a=", 3, "where the value"],
    [";a= b", 3, "a space where the value"],
    [";a=b ", 4, "a space in the value"],
    [";a=b=c", 4, '"=" in the value'],
    [';a="b', 5, "a carriage return in the quoted value"],
    [';a="b\n"', 5, "a line feed in the quoted value"],
    [';a="b\x00"', 5, "a NUL in the quoted value"],
    [';a="b\\', 6, "a carriage return behind a backslash"],
    [';a="b"c', 6, '"c" behind the quoted value'],
  ]);
});

describe("what does not end a chunk", () => {
  refuses("chunk-end", `${CHUNKED}3\r\nabc`, [
    ["d\r\n0", 0, '"d" instead of a line end behind the data of a chunk'],
    ["0", 0, '"0" instead of a line end'],
    ["\n0", 0, "a line feed instead of a line end"],
    ["\r0", 1, '"0" instead of a line feed behind the data'],
    ["\r\r\n0", 1, "a carriage return instead of a line feed behind the data"],
  ]);
});

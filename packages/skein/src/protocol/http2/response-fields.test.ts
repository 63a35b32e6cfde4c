import { describe, expect, test } from "@skein/testkit";
import { latin1, literals } from "../../../test/http2/frame-feeds.ts";
import { HpackDecoder } from "./hpack/hpack-decoder.ts";
import { expectedDataLength, ResponseFields } from "./response-fields.ts";

type Field = readonly [name: string, value: string];

function read(kind: "head" | "trailers", fields: readonly Field[]): ResponseFields {
  const decoder = new HpackDecoder();
  const block = literals(...fields);
  expect(decoder.decode(block, 0, block.length)).toBe("ok");
  const response = new ResponseFields({ latin1 });
  const isRight = kind === "head" ? response.readHead(decoder.fields) : response.readTrailers(decoder.fields);
  expect(isRight).toBe(response.fault === "");
  return response;
}

const OK: Field = [":status", "200"];

describe("the head of an answer", () => {
  test("is a status and lines", () => {
    const head = read("head", [
      OK,
      ["content-type", "text/plain"],
      ["set-cookie", "a=b"],
      ["set-cookie", "c:d"],
      ["x", ""],
    ]);
    expect(head).toMatchObject({ status: 200, contentLength: -1, fault: "" });
    expect(head.fieldLines).toBe("content-type: text/plain\r\nset-cookie: a=b\r\nset-cookie: c:d\r\nx: \r\n");
  });

  test("may have no fields", () => {
    expect(read("head", [[":status", "999"]])).toMatchObject({ status: 999, fieldLines: "", fault: "" });
  });

  test("has bytes beyond ASCII as latin1", () => {
    expect(read("head", [OK, ["x", "\xe9 \t\xff"]]).fieldLines).toBe("x: \xe9 \t\xff\r\n");
  });

  test("tells its content-length", () => {
    expect(read("head", [OK, ["content-length", "0"]]).contentLength).toBe(0);
    expect(read("head", [OK, ["content-length", "0042"]]).contentLength).toBe(42);
    expect(read("head", [OK, ["content-length", "9007199254740991"]]).contentLength).toBe(2 ** 53 - 1);
  });

  test("may be interim", () => {
    expect(
      read("head", [
        [":status", "103"],
        ["link", "</a>"],
      ]),
    ).toMatchObject({ status: 103, fault: "" });
  });

  test("one object reads one after the other", () => {
    const decoder = new HpackDecoder();
    const response = new ResponseFields({ latin1 });
    for (const [fields, expected] of [
      [
        [OK, ["content-length", "1"]],
        { status: 200, contentLength: 1, fieldLines: "content-length: 1\r\n", fault: "" },
      ],
      [
        [["a", "b"]],
        { status: 0, contentLength: -1, fieldLines: "", fault: "the answer does not begin with :status" },
      ],
      [[[":status", "204"]], { status: 204, contentLength: -1, fieldLines: "", fault: "" }],
    ] as [Field[], object][]) {
      const block = literals(...fields);
      decoder.decode(block, 0, block.length);
      response.readHead(decoder.fields);
      expect(response).toMatchObject(expected);
    }
  });
});

describe("a head is refused", () => {
  const noStatus = "the answer does not begin with :status";
  const pseudo = "a pseudo-header field where none belongs";
  const around = "a field value with white space around it";
  test.each<[string, Field[], string]>([
    ["without anything", [], noStatus],
    ["without a status", [["a", "b"]], noStatus],
    ["with a status behind a field", [["a", "b"], OK], noStatus],
    ["with a name that only begins so", [[":statusx", "200"]], noStatus],
    ["with two", [OK, OK], pseudo],
    ["with another pseudo-header", [OK, [":path", "/"]], pseudo],
    ["with another one in front", [[":path", "/"], OK], noStatus],
    [
      "with a status of two digits",
      [[":status", "20"]],
      ':status is "20", not three digits of which the first is not 0',
    ],
    ["of four", [[":status", "2000"]], ':status is "2000", not three digits of which the first is not 0'],
    [
      "that begins with 0",
      [[":status", "099"]],
      ':status is "099", not three digits of which the first is not 0',
    ],
    ["of letters", [[":status", "2x0"]], ':status is "2x0", not three digits of which the first is not 0'],
    ["of nothing", [[":status", ""]], ':status is "", not three digits of which the first is not 0'],
    [
      "with a reason",
      [[":status", "200 OK"]],
      ':status is "200 OK", not three digits of which the first is not 0',
    ],
    [
      "that switches protocols",
      [[":status", "101"]],
      "the server switches protocols (101), which HTTP/2 can't",
    ],
    [
      "interim, with a body",
      [
        [":status", "100"],
        ["content-length", "1"],
      ],
      "an interim answer that announces a body",
    ],
    ["with a capital letter", [OK, ["Server", "x"]], 'a field name holds "S"'],
    ["with a space in a name", [OK, ["a b", "x"]], "a field name holds a space"],
    ["with a colon in a name", [OK, ["a:b", "x"]], 'a field name holds ":"'],
    ["with a line end in a name", [OK, ["a\r\nb", "x"]], "a field name holds a carriage return"],
    ["with a name beyond ASCII", [OK, ["\xe9", "x"]], "a field name holds 0xe9"],
    ["with an empty name", [OK, ["", "x"]], "a field without a name"],
    ["with a NUL in a value", [OK, ["a", "x\0y"]], "a field value holds a NUL"],
    ["with a line feed in a value", [OK, ["a", "x\ny"]], "a field value holds a line feed"],
    ["with a carriage return in a value", [OK, ["a", "x\ry: z"]], "a field value holds a carriage return"],
    ["with a line end at the end of a value", [OK, ["a", "x\r\n"]], "a field value holds a carriage return"],
    ["with a DEL in a value", [OK, ["a", "x\x7f"]], "a field value holds a DEL"],
    ["with a space in front of a value", [OK, ["a", " x"]], around],
    ["with a tab behind a value", [OK, ["a", "x\t"]], around],
    ["with a value of blanks", [OK, ["a", " "]], around],
    ["with connection", [OK, ["connection", "close"]], 'a "connection" field, which HTTP/2 does not have'],
    ["with keep-alive", [OK, ["keep-alive", "x"]], 'a "keep-alive" field, which HTTP/2 does not have'],
    [
      "with proxy-connection",
      [OK, ["proxy-connection", "x"]],
      'a "proxy-connection" field, which HTTP/2 does not have',
    ],
    [
      "with transfer-encoding",
      [OK, ["transfer-encoding", "chunked"]],
      'a "transfer-encoding" field, which HTTP/2 does not have',
    ],
    ["with upgrade", [OK, ["upgrade", "h2c"]], 'a "upgrade" field, which HTTP/2 does not have'],
    ["with te", [OK, ["te", "trailers"]], 'a "te" field, which HTTP/2 does not have'],
    ["with two lengths", [OK, ["content-length", "1"], ["content-length", "1"]], "content-length came twice"],
    ["with a list of lengths", [OK, ["content-length", "1, 1"]], 'content-length "1, 1" is not a number'],
    ["with a signed length", [OK, ["content-length", "+1"]], 'content-length "+1" is not a number'],
    ["with an empty length", [OK, ["content-length", ""]], 'content-length "" is not a number'],
    [
      "with too large a length",
      [OK, ["content-length", "9007199254740992"]],
      'content-length "9007199254740992" is too large',
    ],
  ])("%s", (_, fields, fault) => {
    expect(read("head", fields).fault).toBe(fault);
  });
});

describe("trailers", () => {
  test("are lines", () => {
    expect(
      read("trailers", [
        ["grpc-status", "0"],
        ["a", "b"],
      ]),
    ).toMatchObject({
      status: 0,
      fieldLines: "grpc-status: 0\r\na: b\r\n",
      fault: "",
    });
    expect(read("trailers", [])).toMatchObject({ fieldLines: "", fault: "" });
  });

  test.each<[string, Field[], string]>([
    ["with a status", [OK], "a pseudo-header field where none belongs"],
    ["with a status behind a field", [["a", "b"], OK], "a pseudo-header field where none belongs"],
    ["with a length", [["content-length", "0"]], "content-length came as a trailer"],
    ["with a capital letter", [["A", "b"]], 'a field name holds "A"'],
    ["with connection", [["connection", "close"]], 'a "connection" field, which HTTP/2 does not have'],
  ])("are refused %s", (_, fields, fault) => {
    expect(read("trailers", fields).fault).toBe(fault);
  });
});

test("how much data an answer must have", () => {
  const expected = (method: string, status: number, contentLength: number) =>
    expectedDataLength(method, { status, contentLength });
  expect(expected("GET", 200, 5)).toBe(5);
  expect(expected("GET", 200, -1)).toBe(-1);
  expect(expected("HEAD", 200, 5)).toBe(0);
  expect(expected("GET", 204, -1)).toBe(0);
  expect(expected("GET", 304, 5)).toBe(0);
  expect(expected("GET", 103, -1)).toBe(0);
  expect(expected("CONNECT", 200, 5)).toBe(-1);
  expect(expected("CONNECT", 407, 5)).toBe(5);
});

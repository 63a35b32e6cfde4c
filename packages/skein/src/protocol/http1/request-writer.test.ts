import { describe, expect, test } from "@skein/testkit";
import {
  encodeChunkHead,
  encodeFields,
  encodeRequestHead,
  FieldViolation,
  LAST_CHUNK,
} from "./request-writer.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/;

/** Every character of a byte, and some whose low byte is harmless. */
const CHARACTERS = [
  ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)),
  "\u010a",
  "\u010d",
  "\u0141",
  "\u2028",
  "\uff0a",
  "\u{1f98a}",
];

function violation(act: () => unknown): FieldViolation | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof FieldViolation) return error;
    throw error;
  }
}

describe("encodeRequestHead", () => {
  test("request line, fields, empty line", () => {
    const fields = encodeFields([
      ["Host", "a.test"],
      ["x-empty", ""],
    ]);
    expect(encodeRequestHead("GET", "/a?b=c", fields)).toBe(
      "GET /a?b=c HTTP/1.1\r\nHost: a.test\r\nx-empty: \r\n\r\n",
    );
    expect(encodeRequestHead("PURGE", "*", "")).toBe("PURGE * HTTP/1.1\r\n\r\n");
  });

  test.each(CHARACTERS)("a method with %j is sent as it is, or refused", character => {
    const method = `G${character}T`;
    const found = violation(() => encodeRequestHead(method, "/", ""));
    expect(found === undefined).toBe(TOKEN.test(character));
    if (found) expect([found.part, found.position]).toEqual(["method", 1]);
  });

  test.each(CHARACTERS)("a target with %j is sent as it is, or refused", character => {
    const found = violation(() => encodeRequestHead("GET", `/a${character}b`, ""));
    expect(found === undefined).toBe(/^[\x21-\x7e]$/.test(character));
    if (found) expect([found.part, found.position]).toEqual(["target", 2]);
  });

  test("the first and the last character count, too", () => {
    for (const wrong of [" GET", "GET ", "\r\nGET", "GET\n"]) {
      expect(violation(() => encodeRequestHead(wrong, "/", ""))?.part).toBe("method");
    }
    for (const wrong of [" /", "/ ", "\n/", "/\r"]) {
      expect(violation(() => encodeRequestHead("GET", wrong, ""))?.part).toBe("target");
    }
  });

  test("neither may be empty", () => {
    expect(() => encodeRequestHead("", "/", "")).toThrow("method: it is empty");
    expect(() => encodeRequestHead("GET", "", "")).toThrow("target: it is empty");
  });

  test("a target is not in the message: it may hold a secret", () => {
    expect(violation(() => encodeRequestHead("GET", "/?key=canary x", ""))!.message).toBe(
      "target: a space at position 12 can't be sent",
    );
  });
});

describe("encodeFields", () => {
  test("keeps the case of names, the order, and repeated fields", () => {
    const fields = [
      ["B", "1"],
      ["a", "2"],
      ["b", "3"],
    ] as const;
    expect(encodeFields(fields)).toBe("B: 1\r\na: 2\r\nb: 3\r\n");
    expect(encodeFields([])).toBe("");
  });

  test.each(CHARACTERS)("a name with %j is sent as it is, or refused", character => {
    const found = violation(() => encodeFields([[`x${character}y`, "v"]]));
    expect(found === undefined).toBe(TOKEN.test(character));
    if (found)
      expect([found.part, found.position]).toEqual([`header name ${JSON.stringify(`x${character}y`)}`, 1]);
  });

  test.each(CHARACTERS)("a value with %j is sent as it is, or refused", character => {
    const found = violation(() => encodeFields([["x-id", ` a${character}b`]]));
    expect(found === undefined).toBe(/^[\t\x20-\x7e\x80-\xff]$/.test(character));
    if (found)
      expect([found.name, found.part, found.position]).toEqual(["FieldViolation", 'header "x-id"', 2]);
    else expect(encodeFields([["x-id", ` a${character}b`]])).toBe(`x-id: a${character}b\r\n`);
  });

  test.each([" a", "a ", ":a", "a:", "\na", "a\r"])("a name that is %j is refused", name => {
    expect(violation(() => encodeFields([[name, "v"]]))?.position).toBe(name.search(/[^a]/));
  });

  test.each(["\r", "\n", "\0", "\u010a", "\u{1f98a}"])(
    "%j is refused first and last in a value, too",
    character => {
      for (const value of [`${character}a`, `a${character}`, character, ` ${character} `]) {
        expect(violation(() => encodeFields([["a", value]]))?.position).toBe(value.indexOf(character));
      }
    },
  );

  test("blanks around a value are no part of it", () => {
    expect(encodeFields([["a", " \t b \t c\t "]])).toBe("a: b \t c\r\n");
    expect(encodeFields([["a", " \t "]])).toBe("a: \r\n");
    expect(violation(() => encodeFields([["a", "\u00a0b"]]))).toBe(undefined);
  });

  test("a message names the field, the character and its place, and not the value", () => {
    const messageOf = (name: string, value: string) =>
      violation(() => encodeFields([[name, value]]))?.message;
    expect(messageOf("authorization", "Bearer canary\n")).toBe(
      'header "authorization": a line feed at position 13 can\'t be sent',
    );
    expect(messageOf("x", "\u{1f98a}")).toBe('header "x": U+D83E at position 0 can\'t be sent');
    expect(messageOf("x y", "")).toBe('header name "x y": a space at position 1 can\'t be sent');
    expect(messageOf("", "x")).toBe('header name "": it is empty');
    expect(messageOf("a".repeat(99_999).concat(":"), "x")!.length).toBeLessThan(200);
  });
});

describe("encodeChunkHead", () => {
  test.each([
    [1, "1\r\n"],
    [10, "a\r\n"],
    [65_536, "10000\r\n"],
  ])("%i", (length, head) => {
    expect(encodeChunkHead(length)).toBe(head);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 53])("%d bytes are no chunk", length => {
    expect(() => encodeChunkHead(length)).toThrow(RangeError);
  });

  test("the last chunk has no bytes, and no trailers behind it", () => {
    expect(LAST_CHUNK).toBe("0\r\n\r\n");
  });
});

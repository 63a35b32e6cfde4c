import { describe, expect, test } from "@skein/testkit";
import { indentJson } from "./indent-json.ts";
import { noPaint } from "./paint.ts";

const indent = (text: string) => indentJson(text, noPaint);

describe("indentJson", () => {
  test.each([
    '{"a":1,"b":[true,null,{"c":"d"}],"e":{},"f":[]}',
    "[]",
    "{}",
    '"a, {b}: [c] \\"d\\" \\\\"',
    " [ 1 , 2 ]\n",
    '[[],[[]],{"":{}}]',
    "-1.5e-7",
  ])("agrees with JSON.stringify on %s", text => {
    expect(indent(text)).toBe(JSON.stringify(JSON.parse(text), null, 2));
  });

  test("shows what the server sent: long numbers, double members, their order", () => {
    expect(indent('{"2":12345678901234567890,"1":1.0,"1":2}')).toBe(
      '{\n  "2": 12345678901234567890,\n  "1": 1.0,\n  "1": 2\n}',
    );
  });

  test("colours names, strings and the rest", () => {
    expect(indentJson('{"a":["b",1]}', (look, text) => `<${look}>${text}`)).toBe(
      '{\n  <bold>"a": [\n    <green>"b",\n    <cyan>1\n  ]\n}',
    );
  });

  test.each(["", "{", "{'a':1}", "nope", '{"a":1}x'])("%j is no JSON", text => {
    expect(indent(text)).toBeUndefined();
  });

  test("control characters can't come through: JSON escapes them", () => {
    expect(indent('"\x1b[2J"')).toBeUndefined();
    expect(indent('"\\u001b[2J"')).toBe('"\\u001b[2J"');
  });
});

import { describe, expect, test } from "@skein/testkit";
import { parseChallenges, parseParameters } from "./challenges.ts";

function shown(text: string): unknown[] {
  return parseChallenges(text).map(({ scheme, parameters, token68 }) =>
    token68 === undefined ? [scheme, Object.fromEntries(parameters)] : [scheme, token68],
  );
}

describe("a WWW-Authenticate field", () => {
  test.each<[string, unknown[]]>([
    ["", []],
    [" , ,", []],
    ["Basic", [["basic", {}]]],
    ['Basic realm="a"', [["basic", { realm: "a" }]]],
    [
      'Basic realm="a", Digest realm="b", nonce="n"',
      [
        ["basic", { realm: "a" }],
        ["digest", { realm: "b", nonce: "n" }],
      ],
    ],
    ['Digest realm="one, two", nonce=n', [["digest", { realm: "one, two", nonce: "n" }]]],
    ['Digest realm="a \\"b\\" \\\\c"', [["digest", { realm: 'a "b" \\c' }]]],
    ['Digest realm="Basic realm=x", nonce="n"', [["digest", { realm: "Basic realm=x", nonce: "n" }]]],
    ['DIGEST Realm = "a" , QOP="auth,auth-int"', [["digest", { realm: "a", qop: "auth,auth-int" }]]],
    ['Digest realm="first", realm="second"', [["digest", { realm: "first" }]]],
    [
      "Negotiate dG9rZW4=, Basic realm=x",
      [
        ["negotiate", "dG9rZW4="],
        ["basic", { realm: "x" }],
      ],
    ],
    [
      "Negotiate, NTLM, Basic realm=x",
      [
        ["negotiate", {}],
        ["ntlm", {}],
        ["basic", { realm: "x" }],
      ],
    ],
    ['Digest realm="never ends', [["digest", { realm: "never ends" }]]],
    ['Digest realm="ends in \\', [["digest", { realm: "ends in \\" }]]],
    ['Basic realm="a"; charset="UTF-8"', [["basic", { realm: "a" }]]],
    ['"quoted", Basic', []],
  ])("%s", (text, challenges) => {
    expect(shown(text)).toEqual(challenges);
  });

  test.each([
    ["commas", ","],
    ["blanks", " "],
    ["letters", "a"],
    ["schemes", "a "],
    ["schemes with commas", "a,"],
    ["parameters", "a=b,"],
    ["equals signs", "="],
    ["quotes", '"'],
    ["quoted backslashes", 'a="\\'],
    ["backslashes", "\\"],
    ["token68", "a b= "],
  ])("of 1 MB of %s is read in linear time", (_, piece) => {
    for (const start of ["", "Digest ", 'Digest realm="', "Digest realm", "Digest realm="]) {
      const half = timed(start + piece.repeat(524_288 / piece.length));
      const whole = timed(start + piece.repeat(1_048_576 / piece.length));
      // Twice as much takes twice as long, not four times; the bound leaves room for a machine that is busy.
      expect(whole).toBeLessThan(Math.max(half * 8, 1_500));
    }
  });
});

test("parameters alone are read as in Authentication-Info", () => {
  expect(Object.fromEntries(parseParameters('nextnonce="n, 2", qop=auth'))).toEqual({
    nextnonce: "n, 2",
    qop: "auth",
  });
});

function timed(text: string): number {
  const before = performance.now();
  parseChallenges(text);
  return performance.now() - before;
}

import { expect, test } from "@skein/testkit";
import { findNetrcEntry, parseNetrc } from "./netrc.ts";

const FILE = `# machine commented login no password no
machine api.example.com
  login user
  password "pass \\"word\\" #1"
macdef init
  machine not.real login x password y

machine One.Example login a account acc password b
machine two.example password only
default login anonymous password me@
`;

test.each([
  ["api.example.com", "user", 'pass "word" #1'],
  ["one.example", "a", "b"],
  ["two.example", "", "only"],
  ["not.real", "anonymous", "me@"],
  ["commented", "anonymous", "me@"],
  ["example.com", "anonymous", "me@"],
])("%s", (host, login, password) => {
  expect(findNetrcEntry(parseNetrc(FILE), host)).toMatchObject({ login, password });
});

test("a host without an entry has none, where there is no default", () => {
  expect(findNetrcEntry(parseNetrc("machine a login b password c"), "b")).toBeUndefined();
});

test.each(["", "machine", "login x", "machine a login", 'machine a password "open', "macdef x"])(
  "%j is no error",
  text => {
    expect(() => parseNetrc(text)).not.toThrow();
  },
);

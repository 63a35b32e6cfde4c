import { expect, test } from "@skein/testkit";
import { resumeText } from "./resume-command.ts";

const resume = (args: string[], flag?: string) => resumeText("To go on", flag, { args, program: "skein" });

test.each([
  [["fetch", "urls.txt", "-o", "out.jsonl"], "To go on:\n  skein fetch urls.txt -o out.jsonl"],
  [
    ["fetch", "my list.txt", "-o", "it's.jsonl", "-j", "9"],
    "To go on:\n  skein fetch 'my list.txt' -o 'it'\\''s.jsonl' -j 9",
  ],
  [["fetch", "--fresh", "a.txt", "-o", "b", "--retry-failed"], "To go on:\n  skein fetch a.txt -o b"],
  [["fetch", "-", "-o", "b"], "To go on (with the same list on standard input):\n  skein fetch - -o b"],
  [
    ["fetch", "https://a.example/?q=1&r=2", "-o", "b"],
    "To go on:\n  skein fetch 'https://a.example/?q=1&r=2' -o b",
  ],
])("%j", (args, text) => {
  expect(resume(args)).toBe(text);
});

test("the flag for another attempt is added", () => {
  expect(resume(["fetch", "a", "-o", "b"], "--retry-failed")).toBe(
    "To go on:\n  skein fetch a -o b --retry-failed",
  );
});

test.each([
  [["-H", "Authorization: Bearer hunter2"], "-H 'Authorization: ***'"],
  [["-HX-Key:hunter2"], "'-HX-Key: ***'"],
  [["--header=X-Key: hunter2"], "'--header=X-Key: ***'"],
  [["-d", "password=hunter2"], "-d '***'"],
  [["--json", '{"p":"hunter2"}'], "--json '***'"],
  [["--json=hunter2"], "'--json=***'"],
  [["https://ada:hunter2@a.example/"], "'https://***@a.example/'"],
])("%j keeps its secret", (args, shown) => {
  expect(resume(args)).toBe(`To go on (where *** stands for what is not shown):\n  skein ${shown}`);
});

test("a file is no secret", () => {
  expect(resume(["fetch", "-d", "@body.json"])).toBe("To go on:\n  skein fetch -d @body.json");
});

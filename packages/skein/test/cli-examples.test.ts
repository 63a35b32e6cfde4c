import { describe, expect, test } from "@skein/testkit";
import { exampleServer, examplesIn, help, place, runExample } from "./help-examples.ts";

/** The commands of the program, as its help lists them. */
const COMMANDS = [...help().matchAll(/^ {2}([a-z]+) (?:\[options\]|<)/gm)].map(match => match[1]!);

/** They show a page, which has to be built: packages/dashboard/test/examples.test.ts runs them. */
const OF_THE_PAGE = new Set(["ui", "report"]);

const JOB_COMMANDS = new Set(["status", "verify", "export", "retry"]);

test("the help lists its commands", () => {
  expect(COMMANDS).toEqual(expect.arrayContaining(["fetch", "get", "download", "completion", "status"]));
});

describe.each([[""], ...COMMANDS.filter(name => !OF_THE_PAGE.has(name)).map(name => [name])])(
  "skein %s --help",
  command => {
    test("every example runs, and the text fits 80 columns", { timeout: 120_000 }, async () => {
      const text = help(...command.split(" ").filter(Boolean));
      expect(Math.max(...text.split("\n").map(line => line.length))).toBeLessThanOrEqual(80);
      const examples = examplesIn(text);
      expect(examples.length).toBeGreaterThan(0);
      await using origin = await exampleServer();
      for (const example of examples) {
        const line = example.replaceAll("https://example.com", origin.url);
        const end = await runExample(line, await place(origin, JOB_COMMANDS.has(command)));
        expect(end.code, `${line}\n${end.stderr}`).toBe(0);
      }
    });
  },
);

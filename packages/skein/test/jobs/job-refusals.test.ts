import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { argumentsSource, type Job } from "../../src/entry/jobs.ts";
import { JobFolder, range } from "./job-folder.ts";

let origin: OriginServer;

beforeAll(async () => {
  origin = await originServer({ routes: { item: ({ response }) => void response.end("ok") } });
});

afterAll(() => origin.close());

function items(count: number): string[] {
  return range(count).map(n => `${origin.url}/item/${n}`);
}

describe("refused before anything is sent or made", () => {
  let before: number;

  async function expectRefused(opening: Promise<Job>, expected: object): Promise<void> {
    await expect(opening).rejects.toMatchObject({ name: "JobError", ...expected });
    expect(origin.requestCount).toBe(before);
  }

  function folderOf(lines: readonly string[]): JobFolder {
    before = origin.requestCount;
    const folder = new JobFolder();
    folder.write(lines);
    return folder;
  }

  test.each([
    ["with nothing in it", []],
    ["of comments", ["# a", "", "  "]],
  ])("a list %s", async (_, lines) => {
    const folder = folderOf(lines);
    await expectRefused(folder.open(), { code: "EMPTY_LIST", path: folder.list });
    expect(readdirSync(folder.path)).toEqual(["urls.txt"]);
  });

  test("a list that is not there; fresh or not, the output stays", async () => {
    const folder = folderOf(items(1));
    await folder.run();
    before = origin.requestCount;
    const output = readFileSync(folder.output);
    const source = argumentsSource([]);
    await expectRefused(folder.open({ source, fresh: true }), { code: "EMPTY_LIST" });
    expect(readFileSync(folder.output)).toEqual(output);
  });

  test("an output that no job wrote", async () => {
    const folder = folderOf(items(1));
    writeFileSync(folder.output, "my own\n");
    await expectRefused(folder.open(), { code: "OUTPUT_NOT_OURS", path: folder.output });
    expect(readFileSync(folder.output, "utf8")).toBe("my own\n");
    expect(existsSync(folder.journal)).toBe(false);
  });

  test("an output that is a directory, or in one that does not exist", async () => {
    const folder = folderOf(items(1));
    mkdirSync(folder.output);
    await expectRefused(folder.open(), { code: "OUTPUT_NOT_OURS", message: /is not a regular file/ });
    const output = join(folder.path, "no", "out.jsonl");
    await expectRefused(folder.open({ output }), { code: "FILE_FAILED", message: /there is no directory/ });
  });

  test.each([
    ["edited", (lines: string[]) => lines.with(3, `${origin.url}/item/other`), /line 4 is not what it was/],
    ["shorter", (lines: string[]) => lines.slice(0, 8), /line 9 is gone/],
    [
      "longer at its start",
      (lines: string[]) => [`${origin.url}/item/0`, ...lines],
      /line 1 is not what it was/,
    ],
    ["with a blank in it", (lines: string[]) => lines.toSpliced(5, 0, ""), /line 6 is not what it was/],
    ["with a bad line", (lines: string[]) => lines.with(0, "ftp://x/"), /line 1 is not what it was/],
  ])("a list that was changed: %s", async (_, change, message) => {
    const folder = folderOf([]);
    folder.write(items(10));
    await folder.run();
    before = origin.requestCount;
    folder.write(change(items(10)));
    await expectRefused(folder.open(), { code: "JOB_DIFFERS", message });
    folder.write(items(10));
    expect((await folder.open()).complete).toBe(true);
  });

  test("another job with the same output", async () => {
    const folder = folderOf(items(2));
    await folder.run();
    before = origin.requestCount;
    const headers = { authorization: "Bearer canary" };
    const opening = folder.open({ method: "HEAD", headers });
    await expectRefused(opening, {
      code: "JOB_DIFFERS",
      message: /method was GET, is HEAD; the header authorization was not given, is sha256:/,
    });
    await expect(opening).rejects.not.toThrow("canary");
  });
});

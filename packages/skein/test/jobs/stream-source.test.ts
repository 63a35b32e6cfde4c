import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { streamSource } from "../../src/entry/jobs.ts";
import { idsOf, JobFolder, range } from "./job-folder.ts";

let origin: OriginServer;

beforeAll(async () => {
  origin = await originServer();
});

afterAll(() => origin.close());

function lines(count: number): string[] {
  return range(count).map(n => `${origin.url}/ok?${n}\n`);
}

function source(chunks: Iterable<string>) {
  return streamSource(Readable.from(chunks, { objectMode: false }), "<stdin>");
}

describe("a list that comes in as a stream", () => {
  test("is fetched as it comes", async () => {
    const folder = new JobFolder();
    const text = `# list\n${lines(50).join("")}ftp://x/\n`;
    const summary = await folder.run({
      source: source([text.slice(0, 7), text.slice(7, 101), text.slice(101)]),
    });
    expect(summary).toMatchObject({ ended: "complete", done: 50, rejected: 1 });
    expect(idsOf(folder.rows())).toEqual(range(51).slice(1));
  });

  test("goes on when the same lines are given again: what was done is skipped", async () => {
    const folder = new JobFolder();
    const slow = range(20).map(n => `${origin.url}/delay/30?${n}\n`);
    const job = await folder.open({ source: source([...lines(10), ...slow]), concurrency: 5 });
    const running = job.run();
    while (job.progress.done < 12) await new Promise(resolve => setTimeout(resolve, 2));
    job.drain();
    const { done } = await running;
    await job.close();
    const again = await folder.open({ source: source([...lines(10), ...slow]) });
    expect(again.resumed?.done).toBe(done);
    const summary = await again.run();
    expect(summary).toMatchObject({ ended: "complete", done: 30, requests: 30 - done });
    await again.close();
    expect(await folder.run({ source: source([...lines(10), ...slow]) })).toMatchObject({
      requests: 0,
      done: 30,
    });
  });

  test("is refused when the lines are others, or fewer", async () => {
    const folder = new JobFolder();
    await folder.run({ source: source(lines(10)) });
    const sent = origin.requestCount;
    const others = lines(10).with(4, `${origin.url}/json\n`);
    await expect(folder.run({ source: source(others) })).rejects.toMatchObject({
      code: "JOB_DIFFERS",
      message: expect.stringContaining(
        "the list <stdin> was changed since this job began: line 5 is not what it was",
      ),
    });
    await expect(folder.run({ source: source(lines(8)) })).rejects.toThrow(/line 9 is gone/);
    expect(origin.requestCount).toBe(sent);
  });

  test("that is empty, or breaks", async () => {
    const folder = new JobFolder();
    await expect(folder.open({ source: source([]) })).rejects.toMatchObject({ code: "EMPTY_LIST" });
    const breaking = Readable.from(
      (async function* () {
        yield lines(5).join("");
        await new Promise(resolve => setTimeout(resolve, 50));
        throw new Error("the pipe broke");
      })(),
    );
    const running = folder.run({ source: streamSource(breaking, "<stdin>") });
    await expect(running).rejects.toMatchObject({ code: "SOURCE_UNREADABLE", message: /the pipe broke/ });
    // What had come is done, and recorded.
    expect(idsOf(folder.rows())).toEqual(range(5));
  });

  test("may never end: close does not wait for it", async () => {
    const folder = new JobFolder();
    const endless = new Readable({ read() {} });
    endless.push(lines(3).join(""));
    const job = await folder.open({ source: streamSource(endless, "<stdin>") });
    const running = job.run();
    while (job.progress.done < 3) await new Promise(resolve => setTimeout(resolve, 2));
    await job.close();
    expect(await running).toMatchObject({ ended: "aborted", done: 3 });
    endless.destroy();
  });
});

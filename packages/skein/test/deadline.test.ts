import { describe, expect, originServer, test } from "@skein/testkit";
import { Client, isTotalTimeout, type TotalTimeout } from "../src/entry/node.ts";

const failed = (call: Promise<unknown>): Promise<TotalTimeout> =>
  call.then(
    () => expect.unreachable("it should have been too late"),
    (error: unknown) => (isTotalTimeout(error) ? error : Promise.reject(error)),
  );

describe("a call's deadline", () => {
  test("ends it whatever its timeouts say: buffered, streamed, on another hop, in the pause before a retry", async () => {
    await using origin = await originServer();
    await using client = new Client({ timeout: false });
    const options = { deadline: 150, timeout: false } as const;
    const slow = `${origin.url}/delay/5000`;
    const errors = await Promise.all([
      failed(client.get(slow, options)),
      failed(client.get(slow, { ...options, deadline: new Date(Date.now() + 150) })),
      failed(client.stream(slow, options)),
      failed(client.get(`${origin.url}/redirect/302?to=/delay/5000`, options)),
      failed(client.send(client.buildRequest("GET", slow), options)),
    ]);
    for (const { message, timings } of errors) {
      expect(message).toMatch(/: not finished within 1[45]\d ms$/);
      expect(timings).toBeDefined();
    }
    const refused = await client.get(`${origin.url}/retry-after/late?times=9&seconds=60`, { deadline: "5s" });
    expect([refused.status, refused.notRetried]).toEqual([
      429,
      expect.stringContaining("asks to wait 1 min"),
    ]);
  });

  test("does not lengthen what its timeout allows, and leaves a call in time alone", async () => {
    await using origin = await originServer();
    await using client = new Client();
    const error = await failed(client.get(`${origin.url}/delay/5000`, { deadline: "1h", timeout: 120 }));
    expect(error.message).toContain("not finished within 120 ms");
    const late = new Date(Date.now() + 60_000);
    expect((await client.get(`${origin.url}/ok`, { deadline: late })).text()).toBe("ok");
    expect((await client.get(`${origin.url}/ok`, { deadline: null })).text()).toBe("ok");
  });

  test("that has passed: nothing is sent", async () => {
    await using origin = await originServer();
    await using client = new Client();
    const error = await failed(client.get(`${origin.url}/ok`, { deadline: new Date(Date.now() - 1) }));
    expect(error).toMatchObject({ requestSent: "none", phase: "queue" });
    expect(error.message).toContain("its deadline has passed");
    expect(origin.requests).toEqual([]);
  });

  test("is one for all pages", async () => {
    await using origin = await originServer();
    await using client = new Client();
    const next = () => `/delay/120?page=${Math.random()}`;
    let pages = 0;
    const all = async () => {
      for await (const _ of client.paginate(`${origin.url}/delay/120`, { next, deadline: 400 })) pages += 1;
    };
    await failed(all());
    expect(pages).toBeGreaterThanOrEqual(1);
    expect(pages).toBeLessThanOrEqual(3);
  });

  test.each([
    ["x", 'deadline: expected milliseconds, or a duration such as "250ms", "10s" or "2m"; got "x"'],
    [
      new Date("x"),
      'deadline: expected milliseconds, or a duration such as "250ms", "10s" or "2m"; got Invalid Date',
    ],
    [-1, "deadline: expected milliseconds"],
  ])("%s is none", async (deadline, message) => {
    await using client = new Client();
    await expect(client.get("http://127.0.0.1:1/", { deadline: deadline as never })).rejects.toThrow(message);
  });

  test("belongs to the call: a request that is only built has none, and events have none", async () => {
    await using client = new Client();
    expect(() => client.buildRequest("GET", "http://a.test/", { deadline: 1 } as never)).toThrow(
      "deadline: it belongs to the call",
    );
    expect(() => client.events("http://a.test/", { deadline: 1 } as never)).toThrow("deadline: events come");
  });
});

describe("an item's deadline", () => {
  test("is its own end: its attempts and waits count, the others go on", async () => {
    await using origin = await originServer();
    await using client = new Client();
    const paths = ["/ok", "/delay/5000", "/retry-after/item?times=9&seconds=60"];
    await using batch = client.batch(paths, {
      request: path => ({ url: origin.url + path, deadline: path === "/ok" ? "1h" : 700 }),
      timeout: "1h",
    });
    const ends = new Map<string, string>();
    for await (const task of batch) {
      const error = task.error === undefined ? "" : `${task.error.code} ${task.error.message}`;
      ends.set(task.input.split("?", 1)[0]!, `${task.state} ${error}`);
    }
    expect(ends.get("/ok")).toBe("succeeded ");
    expect(ends.get("/delay/5000")).toMatch(/^failed TOTAL_TIMEOUT .*not finished within \d+ ms/);
    expect(ends.get("/retry-after/item")).toMatch(/^failed HTTP_STATUS .*its deadline comes before/);
  });

  test("passes while its origin is left alone, for a minute: nobody waits for that", async () => {
    await using origin = await originServer();
    await using client = new Client();
    await using batch = client.batch(["/retry-after/origin?times=9&seconds=60", "/ok"], {
      request: path => ({ url: origin.url + path, deadline: 400 }),
      concurrency: 1,
    });
    const codes: unknown[] = [];
    for await (const task of batch) codes.push(task.error?.code);
    expect(codes).toEqual(["HTTP_STATUS", "TOTAL_TIMEOUT"]);
    expect(origin.requestCount).toBe(1);
  });

  test("passes while it waits for its turn: it is not sent", async () => {
    await using origin = await originServer();
    await using client = new Client();
    const soon = new Date(Date.now() + 50);
    await using batch = client.batch(["/delay/300", "/ok"], {
      request: path => ({
        url: origin.url + path,
        ...(path === "/ok" && { deadline: soon }),
      }),
      concurrency: 1,
    });
    const codes: unknown[] = [];
    for await (const task of batch) codes.push([task.input, task.error?.code, task.attempts.length]);
    expect(codes).toEqual([
      ["/delay/300", undefined, 1],
      ["/ok", "TOTAL_TIMEOUT", 0],
    ]);
    expect(origin.requests.map(({ target }) => target)).toEqual(["/delay/300"]);
  });
});

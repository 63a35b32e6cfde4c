import {
  afterAll,
  beforeAll,
  describe,
  expect,
  expectTypeOf,
  type OriginServer,
  originServer,
  test,
} from "@skein/testkit";
import { Client, GroupError, gather, isGroupError, isSkeinError } from "../src/entry/node.ts";

let origin: OriginServer;
const client = new Client({ retry: false, timeout: "10s" });
beforeAll(async () => {
  origin = await originServer();
});
afterAll(async () => {
  client.destroy();
  await origin.close();
});

const REFUSED = "http://127.0.0.1:1/";

/** A call that ends only when it is cancelled, and tells when it has ended. */
function endless() {
  const facts = { ended: false };
  const call = client.get(`${origin.url}/delay/9000`);
  call.catch(() => undefined).then(() => Object.assign(facts, { ended: true }));
  return { call, facts };
}

/** A function that ends only when its signal aborts, some time after it. */
function lateToEnd() {
  const facts: { reason?: unknown; ended: boolean } = { ended: false };
  const run = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        facts.reason = signal.reason;
        setTimeout(() => {
          facts.ended = true;
          reject(signal.reason);
        }, 30);
      });
    });
  return { run, facts };
}

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => expect.unreachable("it should have failed"),
    (error: unknown) => error,
  );

describe("gather", () => {
  test("results come in the order of the calls, with their types", async () => {
    const [slow, fast, own] = await gather([
      client.get(`${origin.url}/delay/60`).text(),
      client.get(`${origin.url}/json`).json<{ number: number }>(),
      Promise.resolve(7),
    ]);
    expectTypeOf(fast).toEqualTypeOf<{ number: number }>();
    expect([slow, fast.number, own]).toEqual(["ok", 42, 7]);
    expect(await gather([])).toEqual([]);
  });

  test("calls may be given as arguments: also one, also none", async () => {
    const text = () => client.get(`${origin.url}/ok`).text();
    expect(await gather(text(), async () => 2, Promise.resolve(3))).toEqual(["ok", 2, 3]);
    expect(await gather(text())).toEqual(["ok"]);
    expect(await gather(text)).toEqual(["ok"]);
    expect(await gather()).toEqual([]);
  });

  test("a record gives a record", async () => {
    const both = await gather({ a: client.get(`${origin.url}/ok`).text(), b: () => Promise.resolve(2) });
    expectTypeOf(both).toEqualTypeOf<{ a: string; b: number }>();
    expect(both).toEqual({ a: "ok", b: 2 });
  });

  test("any iterable will do; what is no call at all is refused", async () => {
    expect(await gather(new Set([Promise.resolve(1), Promise.resolve(2)]))).toEqual([1, 2]);
    for (const nothing of ["/url", 7, null, undefined])
      await expect(gather(nothing as unknown as Promise<1>[])).rejects.toMatchObject({
        code: "INVALID_OPTION",
        message: `gather: expected calls, a list or a record of them; got ${nothing}`,
      });
  });

  test("the first failure cancels the others and waits for their end", async () => {
    let ended = 0;
    const slow = client.get(`${origin.url}/delay/8000`);
    slow.catch(() => undefined).then(() => ended++);
    const started = performance.now();
    const error = await failure(
      gather([
        slow,
        client.get(REFUSED),
        async signal => {
          await client.get(`${origin.url}/delay/8000`, { signal }).finally(() => ended++);
        },
      ]),
    );
    expect(error).toMatchObject({ code: "CONNECTION_REFUSED" });
    expect(ended).toBe(2);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test.each(["json", "text", "bytes"] as const)(
    "what %s() of a call returns is cancelled too",
    async name => {
      const { call, facts } = endless();
      const error = await failure(gather(call[name](), client.get(REFUSED)));
      expect([error, facts.ended]).toEqual([expect.objectContaining({ code: "CONNECTION_REFUSED" }), true]);
    },
  );

  test("a function hears of the failure through its signal, and is waited for", async () => {
    const { run, facts } = lateToEnd();
    const error = await failure(gather(run, client.get(REFUSED)));
    expect(facts).toEqual({ ended: true, reason: error });
  });

  test("a foreign promise is only awaited", async () => {
    let ended = false;
    const foreign = new Promise(resolve => setTimeout(resolve, 40)).then(() => {
      ended = true;
    });
    await expect(gather(foreign, client.get(REFUSED))).rejects.toMatchObject({ code: "CONNECTION_REFUSED" });
    expect(ended).toBe(true);
  });

  test("a function that throws at once fails like one that rejects", async () => {
    const calls = [
      client.get(`${origin.url}/delay/8000`),
      (): Promise<never> => {
        throw new Error("at once");
      },
    ];
    await expect(gather(calls)).rejects.toThrow("at once");
  });

  test("a list that fails while it is read leaves no call behind", async () => {
    const { call, facts } = endless();
    function* calls() {
      yield call;
      throw new Error("no more");
    }
    await expect(gather(calls())).rejects.toThrow("no more");
    expect(facts.ended).toBe(true);
  });
});

describe("gather.settled", () => {
  test("tells how each ended, in order, and cancels none", async () => {
    const outcomes = await gather.settled(
      client.get(`${origin.url}/delay/60`).text(),
      client.get(REFUSED),
      async () => 3,
    );
    expect(outcomes).toEqual([
      { status: "fulfilled", value: "ok" },
      { status: "rejected", reason: expect.objectContaining({ code: "CONNECTION_REFUSED" }) },
      { status: "fulfilled", value: 3 },
    ]);
    expect(await gather.settled([])).toEqual([]);
  });

  test("a record gives a record", async () => {
    const outcomes = await gather.settled({ good: async () => 1, bad: async () => Promise.reject("no") });
    expect(outcomes).toEqual({
      good: { status: "fulfilled", value: 1 },
      bad: { status: "rejected", reason: "no" },
    });
  });
});

describe("gather.any", () => {
  test("the first that succeeds is returned; the others are cancelled, and have ended by then", async () => {
    const { call, facts } = endless();
    const late = lateToEnd();
    const fast = client.get(`${origin.url}/ok`).text();
    expect(await gather.any([call, client.get(REFUSED), late.run, fast])).toBe("ok");
    expect([facts.ended, late.facts.ended]).toEqual([true, true]);
    expect(late.facts.reason).toBe("another call of the group has answered");
  });

  test("a failure is no answer, a record may be given, and so may arguments", async () => {
    const good = () => client.get(`${origin.url}/delay/40`).text();
    expect(await gather.any({ bad: client.get(REFUSED), good: good() })).toBe("ok");
    expect(await gather.any(client.get(REFUSED), good())).toBe("ok");
  });

  test("all fail: one error, which lists them in the order of the calls", async () => {
    const error = await failure(
      gather.any([
        client.get(`${origin.url}/delay/40`, { timeout: 10 }),
        client.get(REFUSED),
        async () => Promise.reject("no"),
      ]),
    );
    expect(error).toBeInstanceOf(GroupError);
    expect([isGroupError(error), isSkeinError(error), (error as Error).name]).toEqual([
      true,
      true,
      "GroupError",
    ]);
    expect(error).toMatchObject({
      code: "GROUP_FAILED",
      message: expect.stringMatching(/^all 3 calls failed; the first: GET .*\/delay\/40: /),
      errors: [{ code: "TOTAL_TIMEOUT" }, { code: "CONNECTION_REFUSED" }, "no"],
    });
    expect((error as GroupError).toJSON()).toMatchObject({ name: "GroupError", errors: [{}, {}, "no"] });
  });

  test("of no calls, none can succeed", async () => {
    await expect(gather.any([])).rejects.toMatchObject({ message: "there was no call", errors: [] });
    await expect(gather.any("x" as unknown as [])).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
});

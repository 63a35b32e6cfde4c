import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { Client, type Fetch, isSkeinError } from "../src/entry/node.ts";

interface Echo {
  method: string;
  target: string;
  headers: [string, string][];
  body: string;
}

let origin: OriginServer;
let client: Client;
let fetch: Fetch;

beforeAll(async () => {
  origin = await originServer();
  client = new Client();
  // Taken off its client: it is bound.
  fetch = client.fetch;
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

async function echo(input: Parameters<Fetch>[0], init?: RequestInit): Promise<Echo> {
  return (await (await fetch(input, init)).json()) as Echo;
}

async function failureOf(promise: Promise<unknown>): Promise<Error & { cause?: unknown }> {
  return promise.then(
    () => expect.fail("it did not fail"),
    error => error,
  );
}

describe("redirects", () => {
  test("are followed, and told", async () => {
    const response = await fetch(`${origin.url}/redirect/302?to=/text`);
    expect([response.status, response.url, response.redirected]).toEqual([200, `${origin.url}/text`, true]);
  });

  test("manual: returned as they are, as Node's fetch does", async () => {
    const response = await fetch(`${origin.url}/redirect/307?to=/text`, { redirect: "manual" });
    expect([response.status, response.headers.get("location"), response.redirected]).toEqual([
      307,
      "/text",
      false,
    ]);
  });

  test("error: a TypeError", async () => {
    const error = await failureOf(fetch(`${origin.url}/redirect/302?to=/text`, { redirect: "error" }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.cause).toMatchObject({ code: "REDIRECT_REFUSED", message: "unexpected redirect" });
    expect((await fetch(`${origin.url}/text`, { redirect: "error" })).ok).toBe(true);
  });

  test("a body in memory is sent again at a 307; a stream can't be", async () => {
    const url = `${origin.url}/redirect/307?to=/echo`;
    const request = new Request(url, { method: "POST", body: "again" });
    expect((await echo(request)).body).toBe("again");
    const init = { method: "POST", body: new Blob(["x"]).stream(), duplex: "half" } as RequestInit;
    const error = await failureOf(fetch(url, init));
    expect(error.cause).toMatchObject({ code: "BODY_NOT_REPLAYABLE" });
  });
});

describe("aborts", () => {
  test("reject with the signal's reason: before, while waiting, while reading", async () => {
    const reason = new Error("no longer needed");
    await expect(fetch(origin.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    const waiting = new AbortController();
    const call = fetch(`${origin.url}/hang`, { signal: waiting.signal });
    setTimeout(() => waiting.abort(reason), 20);
    await expect(call).rejects.toBe(reason);

    const reading = new AbortController();
    const response = await fetch(`${origin.url}/stall-mid-body`, { signal: reading.signal });
    const text = response.text();
    reading.abort(reason);
    await expect(text).rejects.toBe(reason);
  });

  test("without a reason: a DOMException named AbortError; a timeout: TimeoutError", async () => {
    const aborted = await failureOf(fetch(origin.url, { signal: AbortSignal.abort() }));
    expect([aborted.name, aborted instanceof DOMException]).toEqual(["AbortError", true]);
    const late = await failureOf(fetch(`${origin.url}/hang`, { signal: AbortSignal.timeout(20) }));
    expect(late.name).toBe("TimeoutError");
  });

  test("a Request's own signal counts, and one of another copy is as good", async () => {
    const controller = new AbortController();
    const call = fetch(new Request(`${origin.url}/hang`, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 20);
    expect((await failureOf(call)).name).toBe("AbortError");

    const listeners: (() => void)[] = [];
    const foreign = {
      aborted: false,
      reason: "foreign reason",
      addEventListener: (_type: string, listener: () => void) => listeners.push(listener),
      removeEventListener: () => undefined,
    };
    const other = fetch(`${origin.url}/hang`, { signal: foreign as unknown as AbortSignal });
    await expect.poll(() => listeners.length).toBe(1);
    listeners[0]!();
    await expect(other).rejects.toBe("foreign reason");
  });

  test("a signal that is used a thousand times keeps no listener", async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    for (let i = 0; i < 1_000; i++) await (await fetch(`${origin.url}/ok`, { signal })).text();
    expect(listeners).toBe(0);
  });
});

test("no global is touched", async () => {
  const before = [
    globalThis.fetch,
    globalThis.Response,
    Object.getOwnPropertyNames(globalThis.Response.prototype),
  ];
  await (await fetch(`${origin.url}/text`)).text();
  const after = [
    globalThis.fetch,
    globalThis.Response,
    Object.getOwnPropertyNames(globalThis.Response.prototype),
  ];
  expect(after).toEqual(before);
});

describe("failures", () => {
  test("are TypeError('fetch failed') with our error as the cause, from the caller's own line", async () => {
    const error = await failureOf(fetch("http://127.0.0.1:9/"));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe("fetch failed");
    expect(isSkeinError(error.cause)).toBe(true);
    expect(error.cause).toMatchObject({ code: "CONNECTION_REFUSED" });
    expect(error.stack).toContain("fetch-endings.test.ts");
  });

  test.each(["/relative", "not a url", "ftp://a.test/"])("%s is a TypeError", async url => {
    expect(await failureOf(fetch(url))).toBeInstanceOf(TypeError);
  });

  test("are not tried again: callers of fetch do that themselves", async () => {
    const response = await fetch(`${origin.url}/flaky/fetch/1`);
    expect(response.status).toBe(503);
    expect(await (await fetch(`${origin.url}/flaky/fetch/1`)).text()).toBe("ok after 1 failures");
  });

  test("no status is an error, also where the client raises them", async () => {
    const raising = client.extend({ raiseForStatus: true, retry: 5 });
    expect((await raising.fetch(`${origin.url}/status/404`)).status).toBe(404);
  });

  test("timeouts are those that the client was given", async () => {
    const hasty = client.extend({ timeout: { read: "100ms" } });
    const error = await failureOf(hasty.fetch(`${origin.url}/hang`));
    expect(error.cause).toMatchObject({ code: "READ_TIMEOUT" });
  });

  test("a client that is closed says so", async () => {
    const closed = new Client();
    await closed.close();
    expect((await failureOf(closed.fetch(origin.url))).cause).toMatchObject({ code: "CLIENT_CLOSED" });
  });
});

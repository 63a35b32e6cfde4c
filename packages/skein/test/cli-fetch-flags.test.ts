import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, originServer, sendText, test } from "@skein/testkit";
import { readRows, runSkein, scratchDirectory, startSkein } from "./run-skein.ts";

const times = (length: number) => Array.from({ length }, (_, index) => index);

/** A directory with a list, and the program in it: `fetch urls.txt -o out.jsonl`, and what else is given. */
function workplace(lines: readonly string[]) {
  const cwd = scratchDirectory();
  writeFileSync(join(cwd, "urls.txt"), lines.map(line => `${line}\n`).join(""));
  const fetch = (...flags: string[]) => runSkein(["fetch", "urls.txt", "-o", "out.jsonl", ...flags], { cwd });
  return { cwd, fetch, rows: () => readRows(join(cwd, "out.jsonl")) };
}

describe("how often it is tried", () => {
  test("--retry-on: the statuses given are tried again, and no others", async () => {
    let asked = 0;
    await using origin = await originServer({
      routes: {
        shy: ({ response }) => {
          asked += 1;
          response.statusCode = asked < 3 ? 404 : 200;
          sendText(response, "at last");
        },
      },
    });
    const { fetch, rows } = workplace([`${origin.url}/shy`, `${origin.url}/status/503`]);
    expect((await fetch("--retry-on", "404,5xx", "--attempts", "4", "--per-host", "1")).code).toBe(1);
    const byStatus = Object.fromEntries(rows().map(row => [row.status, row.attempts]));
    expect(byStatus).toEqual({ 200: 3, 503: 4 });
    const other = workplace([`${origin.url}/status/503`, `${origin.url}/status/429`]);
    expect((await other.fetch("--retry-on", "404")).code).toBe(1);
    expect(other.rows().map(row => row.attempts)).toEqual([1, 1]);
  });

  test("--retry-max-time: no attempt begins later, and the row says so", async () => {
    await using origin = await originServer();
    const { fetch, rows } = workplace([`${origin.url}/retry-after/x?seconds=30&times=9`]);
    const started = performance.now();
    expect((await fetch("--retry-max-time", "2s")).code).toBe(1);
    expect(performance.now() - started).toBeLessThan(15_000);
    const [row] = rows();
    expect(row).toMatchObject({ state: "failed", status: 429, attempts: 1 });
    expect(row?.error?.message).toContain("the next attempt would begin later than 2 s after the first");
  });

  test("--hedge: a second request where the first one is slow beyond measure", async () => {
    await using origin = await originServer({
      routes: {
        once: ({ response, count }) => {
          if (count("once") > 1) sendText(response, "the second was faster");
        },
      },
    });
    const { fetch, rows } = workplace([
      ...times(300).map(i => `${origin.url}/ok?${i}`),
      `${origin.url}/once`,
    ]);
    expect((await fetch("--hedge", "--timeout", "15s", "--attempts", "1", "--ordered")).code).toBe(0);
    expect(rows().at(-1)).toMatchObject({ body: "the second was faster", attempts: 1 });
    expect(origin.requests.filter(({ target }) => target === "/once")).toHaveLength(2);
  });
});

describe("when it ends", () => {
  test("--connect-timeout: of a server that takes the connection and says nothing of TLS", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    onTestFinished(() => void silent.close());
    await new Promise(resolve => silent.once("listening", resolve));
    const { port } = silent.address() as { port: number };
    const { fetch, rows } = workplace([`https://127.0.0.1:${port}/`]);
    expect((await fetch("--connect-timeout", "150ms", "--attempts", "1")).code).toBe(1);
    expect(rows()[0]?.error).toMatchObject({ code: "CONNECT_TIMEOUT" });
    expect(rows()[0]?.error?.message).toContain("150 ms");
    const end = await runSkein(["get", `https://127.0.0.1:${port}/`, "--connect-timeout", "150ms"]);
    expect(end.code).toBe(1);
    expect(end.stderr).toContain("150 ms");
  });

  test.each([
    ["--fail-fast", [], 1],
    ["--max-errors", ["3"], 4],
    ["--max-errors", ["30%"], 7],
  ])("%s %s: stops, keeps what has ended, and the same command goes on", async (flag, value, failed) => {
    await using origin = await originServer();
    // A share counts from 20 on.
    const good = times(14).map(i => `${origin.url}/ok?${i}`);
    const { fetch, rows } = workplace([...good, ...times(40).map(i => `${origin.url}/status/404?${i}`)]);
    const end = await fetch(flag, ...value, "-j", "1");
    expect(end.code).toBe(7);
    expect(end.stderr).toContain(`Stopped: ${failed} have failed in this run.\nTo go on:`);
    expect(rows().map(row => row.state)).toEqual([
      ...good.map(() => "succeeded"),
      ...times(failed).map(() => "failed"),
    ]);
    expect((await fetch()).code).toBe(1);
    expect(rows()).toHaveLength(54);
    expect(origin.requestCount).toBe(54);
  });

  test("--deadline: what is in flight then is left for the next run", async () => {
    await using origin = await originServer({
      routes: {
        late: ({ response, count }) => {
          if (count("late") > 1) sendText(response, "now");
        },
      },
    });
    const { fetch, rows } = workplace([`${origin.url}/ok`, `${origin.url}/late`]);
    const end = await fetch("--deadline", "1500ms");
    expect(end.code).toBe(7);
    expect(end.stderr).toContain("The deadline of 1.5 s has passed: stopping at once.");
    expect(rows().map(row => row.id)).toEqual([1]);
    expect((await fetch("--deadline", "60s")).code).toBe(0);
    expect(rows().map(row => row.id)).toEqual([1, 2]);
  });
});

test("--ordered: rows in the order of the list, whichever answers first", async () => {
  await using origin = await originServer();
  const { fetch, rows } = workplace(times(20).map(i => `${origin.url}/delay/${i % 4 === 0 ? 120 : 1}?${i}`));
  expect((await fetch("--ordered")).code).toBe(0);
  expect(rows().map(row => row.id)).toEqual(times(20).map(i => i + 1));
});

describe("--log FILE", () => {
  test("a line for each request, at the end of the file, without secrets", async () => {
    await using origin = await originServer();
    const { cwd, fetch } = workplace([`${origin.url}/ok?token=hunter2`, `${origin.url}/status/500`]);
    const log = join(cwd, "requests.log");
    writeFileSync(log, "what was there\n");
    expect(
      (await fetch("--log", "requests.log", "--attempts", "2", "-H", "Authorization: Bearer hunter2")).code,
    ).toBe(1);
    const [first, ...lines] = readFileSync(log, "utf8").trimEnd().split("\n");
    expect(first).toBe("what was there");
    const entries = lines.map(line => JSON.parse(line) as Record<string, unknown>);
    expect(entries.map(({ status }) => status).sort()).toEqual([200, 500, 500]);
    expect(entries[0]).toMatchObject({
      level: "info",
      method: "GET",
      time: expect.stringMatching(/^\d{4}-/),
    });
    expect(lines.join("\n")).not.toContain("hunter2");
  });

  test("of a single request, and of one that got no answer", async () => {
    const cwd = scratchDirectory();
    const end = await runSkein(["get", "http://127.0.0.1:1/", "--log", "log.jsonl"], { cwd });
    expect(end.code).toBe(1);
    const entry = JSON.parse(readFileSync(join(cwd, "log.jsonl"), "utf8"));
    expect(entry).toMatchObject({ level: "error", code: "CONNECTION_REFUSED", attempts: 3 });
    const refused = await runSkein(["get", "http://127.0.0.1:1/", "--log", "no/log.jsonl"], { cwd });
    expect(refused).toMatchObject({ code: 3 });
    expect(existsSync(join(cwd, "no"))).toBe(false);
  });
});

test("--per-domain: all hosts of a registrable domain share a limit", async () => {
  const now = new Map<string, number>();
  const most = new Map<string, number>();
  await using origin = await originServer({
    routes: {
      busy: ({ request, response }) => {
        const domain = request.headers.host!.split(":")[0]!.split(".").slice(-3).join(".");
        now.set(domain, (now.get(domain) ?? 0) + 1);
        most.set(domain, Math.max(most.get(domain) ?? 0, now.get(domain)!));
        setTimeout(() => {
          now.set(domain, now.get(domain)! - 1);
          sendText(response, "ok");
        }, 30);
      },
    },
  });
  const hosts = ["a.one.co.uk", "b.one.co.uk", "c.one.co.uk", "x.two.co.uk", "y.two.co.uk"];
  const port = new URL(origin.url).port;
  const { fetch, rows } = workplace(
    times(60).map(i => `${origin.url.replace(/127.*/, "")}${hosts[i % 5]}:${port}/busy?${i}`),
  );
  const resolve = hosts.flatMap(host => ["--resolve", `${host}:${port}:127.0.0.1`]);
  expect((await fetch("--per-domain", "3", ...resolve)).code).toBe(0);
  expect(rows()).toHaveLength(60);
  expect(Object.fromEntries(most)).toEqual({ "one.co.uk": 3, "two.co.uk": 3 });
});

test("--threads: the same rows, from several threads; what stopped goes on with one", async () => {
  const origins = await Promise.all(times(3).map(() => originServer()));
  try {
    const lines = times(90).map(i => `${origins[i % 3]!.url}/${i % 10 === 0 ? "status/404" : "ok"}?i=${i}`);
    const { cwd, fetch, rows } = workplace(lines);
    const flags = ["--threads", "3", "--per-domain", "6", "-H", "x-test: 1", "-H", "accept-encoding:"];
    const { code, stderr } = await fetch(...flags, "--log", "log.jsonl", "--hedge", "--accept-status", "2xx");
    expect([code, stderr]).toEqual([1, expect.stringContaining("81 succeeded, 9 failed")]);
    expect(
      rows()
        .map(({ id }) => Number(id) - 1)
        .sort((a, b) => a - b),
    ).toEqual(times(90));
    for (const { requests } of origins) {
      expect(requests.length).toBeGreaterThan(0);
      for (const request of requests)
        expect([request.header("x-test"), request.header("accept-encoding")]).toEqual(["1", undefined]);
    }
    expect(readFileSync(join(cwd, "log.jsonl"), "utf8").trimEnd().split("\n")).toHaveLength(90);
    const again = await fetch(...flags, "--retry-failed", "--accept-status", "2xx,404", "--fresh");
    expect(again.code).toBe(2);
    expect((await fetch("-H", "x-test: 1", "-H", "accept-encoding:", "--retry-failed")).code).toBe(1);
    expect(rows()).toHaveLength(90);
  } finally {
    await Promise.all(origins.map(origin => origin.close()));
  }
});

test("keeps the connections of all hosts, where more of them are open than requests are in flight", async () => {
  const origins = await Promise.all(times(4).map(() => originServer()));
  try {
    const { fetch } = workplace(times(200).map(i => `${origins[i % 4]!.url}/ok?i=${i}`));
    expect((await fetch("-j", "4", "--per-host", "4")).code).toBe(0);
    for (const { connections } of origins) expect(connections).toBeLessThanOrEqual(4);
  } finally {
    await Promise.all(origins.map(origin => origin.close()));
  }
});

test("--limit-rate: bodies come in no faster, all of them together", async () => {
  await using origin = await originServer();
  const { fetch, rows } = workplace(times(4).map(i => `${origin.url}/bytes/500000?${i}`));
  const started = performance.now();
  expect((await fetch("--limit-rate", "1mb", "--body", "none")).code).toBe(0);
  expect(performance.now() - started).toBeGreaterThanOrEqual(1_950);
  expect(rows().every(row => row.state === "succeeded")).toBe(true);
});

describe("--robots", () => {
  const robotsOf = (text: string) =>
    originServer({
      routes: {
        "robots.txt": ({ response }) => sendText(response, text),
        moved: ({ response }) => void response.writeHead(302, { location: "/private/by-redirect" }).end(),
        private: ({ response }) => sendText(response, "secret"),
      },
    });

  test("what a host disallows is not sent, also where a redirect leads there; each host is asked once", async () => {
    await using origin = await robotsOf(
      "User-agent: other\nDisallow: /\n\nUser-agent: *\nDisallow: /private\n",
    );
    const paths = ["ok?1", "ok?2", "private/1", "moved"];
    const { fetch, rows } = workplace(paths.map(path => `${origin.url}/${path}`));
    expect((await fetch("--robots", "--ordered")).code).toBe(1);
    expect(rows().map(row => row.error?.code)).toEqual([
      undefined,
      undefined,
      "ROBOTS_DISALLOWED",
      "ROBOTS_DISALLOWED",
    ]);
    expect(rows()[2]?.error?.message).toContain(`${origin.url}/robots.txt disallows it`);
    expect(origin.requests.map(({ target }) => target).toSorted()).toEqual([
      "/moved",
      "/ok?1",
      "/ok?2",
      "/robots.txt",
    ]);
    const named = workplace([`${origin.url}/ok`]);
    expect((await named.fetch("--robots", "--user-agent", "other/1.0")).code).toBe(1);
    expect(named.rows()[0]?.error?.code).toBe("ROBOTS_DISALLOWED");
  });

  test("without a robots.txt all is allowed; nothing where it can't be read", async () => {
    await using none = await originServer();
    await using broken = await originServer({
      routes: { "robots.txt": ({ response }) => void response.writeHead(403).end() },
    });
    await using failing = await originServer({
      routes: { "robots.txt": ({ response }) => void response.writeHead(501).end() },
    });
    const { fetch, rows } = workplace([none, broken, failing].map(({ url }) => `${url}/ok`));
    expect((await fetch("--robots", "--ordered")).code).toBe(1);
    expect(rows().map(row => row.state)).toEqual(["succeeded", "succeeded", "failed"]);
    expect(rows()[2]?.error?.message).toContain("/robots.txt can't be read: answered 501");
  });

  test("a host that does not answer, or only byte by byte, keeps neither the deadline nor Ctrl-C waiting", {
    timeout: 60_000,
  }, async () => {
    await using origin = await originServer({
      routes: {
        "robots.txt": ({ response }) => {
          const timer = setInterval(() => response.write("#"), 100);
          response.once("close", () => clearInterval(timer));
        },
      },
    });
    const { fetch, rows } = workplace([`${origin.url}/ok`]);
    const started = performance.now();
    expect((await fetch("--robots", "--deadline", "1s")).code).toBe(7);
    // What is in flight then has ten seconds.
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(rows()).toEqual([]);
    const { child, ended } = startSkein(["fetch", `${origin.url}/ok`, "-o", "o.jsonl", "--robots"], {
      cwd: scratchDirectory(),
    });
    await expect.poll(() => origin.requestCount, { timeout: 10_000 }).toBeGreaterThan(1);
    child.kill("SIGINT");
    await new Promise(resolve => setTimeout(resolve, 100));
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130 });
    expect(origin.requests.every(({ target }) => target === "/robots.txt")).toBe(true);
  });

  test("its crawl-delay is a pause between two requests", async () => {
    const at: number[] = [];
    await using origin = await originServer({
      routes: {
        "robots.txt": ({ response }) => sendText(response, "User-agent: *\nCrawl-delay: 0.4\n"),
        page: ({ response }) => {
          at.push(performance.now());
          sendText(response, "a page");
        },
      },
    });
    await using other = await originServer();
    const pages = times(4).map(i => `${origin.url}/page/${i}`);
    const { fetch, rows } = workplace([...pages, ...times(20).map(i => `${other.url}/ok?${i}`)]);
    expect((await fetch("--robots", "-j", "4")).code).toBe(0);
    const pauses = at.slice(1).map((time, index) => time - at[index]!);
    expect(pauses).toHaveLength(3);
    // One that comes late on a busy machine makes the next pause shorter.
    for (const pause of pauses) expect(pause).toBeGreaterThan(200);
    expect(at.at(-1)! - at[0]!).toBeGreaterThan(1_000);
    expect(rows()).toHaveLength(24);
    // The other host did not wait for it.
    expect(rows().findLastIndex(row => row.url.startsWith(other.url))).toBeLessThan(23);
  });
});

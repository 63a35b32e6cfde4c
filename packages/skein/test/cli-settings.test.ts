import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, originServer, test } from "@skein/testkit";
import { runSkein, scratchDirectory } from "./run-skein.ts";

/** A directory with files, and `skein get /ok` in it; returns what was sent. */
async function asked(files: Record<string, unknown>, args: string[] = [], env: Record<string, string> = {}) {
  await using origin = await originServer();
  const cwd = directoryWith(files);
  const end = await runSkein(["get", `${origin.url}/ok`, ...args], { cwd, env });
  expect(end).toMatchObject({ code: 0, stderr: "" });
  return origin.requests[0]!;
}

function directoryWith(files: Record<string, unknown>): string {
  const cwd = scratchDirectory();
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(cwd, name), typeof content === "string" ? content : JSON.stringify(content));
  return cwd;
}

const agent = async (...given: Parameters<typeof asked>) => (await asked(...given)).header("user-agent");

describe("precedence", () => {
  const config = { userAgent: "config", get: { userAgent: "config of get" } };

  test("a flag, a variable, the config's part for the command, its top, the default", async () => {
    const env = { SKEIN_USER_AGENT: "variable" };
    const files = { "skein.config.json": config };
    expect(await agent(files, ["--user-agent", "flag"], env)).toBe("flag");
    expect(await agent(files, [], env)).toBe("variable");
    expect(await agent(files)).toBe("config of get");
    expect(await agent({ "skein.config.json": { ...config, get: {} } })).toBe("config");
    expect(await agent({}, [], { SKEIN_USER_AGENT: "" })).toMatch(/^skein\//);
  });

  test("--config and SKEIN_CONFIG name another file; --no-config wants none", async () => {
    const files = { "skein.config.json": config, "other.json": { userAgent: "other" } };
    expect(await agent(files, ["--config", "other.json"])).toBe("other");
    expect(await agent(files, [], { SKEIN_CONFIG: "other.json" })).toBe("other");
    expect(await agent(files, ["--config", "skein.config.json"], { SKEIN_CONFIG: "other.json" })).toBe(
      "config of get",
    );
    expect(await agent(files, ["--no-config"], { SKEIN_CONFIG: "other.json" })).toMatch(/^skein\//);
  });

  test("TypeScript, headers as an object, switches and credentials", async () => {
    const text = `export default { header: { "X-A": "1" as string, "X-B": "2" }, user: "ada:pw" };`;
    const seen = await asked({ "skein.config.ts": text });
    expect([seen.header("x-a"), seen.header("x-b")]).toEqual(["1", "2"]);
    expect(seen.header("authorization")).toBe(`Basic ${btoa("ada:pw")}`);
    const fromEnv = await asked({}, [], { SKEIN_HEADER: "X-A: 3\nX-B: 4", SKEIN_USER: "bo:pw" });
    expect([fromEnv.header("x-a"), fromEnv.header("x-b")]).toEqual(["3", "4"]);
    expect(fromEnv.header("authorization")).toBe(`Basic ${btoa("bo:pw")}`);
    await using origin = await originServer();
    const url = `${origin.url}/redirect/302?to=/ok`;
    const cwd = directoryWith({ "skein.config.json": { location: false } });
    expect((await runSkein(["get", url], { cwd })).stdout).toBe("see /ok");
    expect((await runSkein(["get", url, "-L"], { cwd })).stdout).toBe("ok");
    expect((await runSkein(["get", url], { cwd, env: { SKEIN_LOCATION: "1" } })).stdout).toBe("ok");
  });

  test("of a job", async () => {
    await using origin = await originServer();
    const cwd = directoryWith({
      "skein.config.json": { fetch: { attempts: 2, acceptStatus: "2xx,404", quiet: true } },
      list: `${origin.url}/status/404\n${origin.url}/status/500\n`,
    });
    const end = await runSkein(["fetch", "list", "-o", "out.jsonl"], { cwd });
    expect(end).toMatchObject({ code: 1, stderr: "" });
    expect(origin.requestCount).toBe(3);
  });
});

describe("what is wrong is named, and nothing is sent", () => {
  test.each<
    [
      name: string,
      files: Record<string, unknown>,
      args: string[],
      env: Record<string, string>,
      message: string,
    ]
  >([
    [
      "a name",
      { "skein.config.json": { perhost: 1 } },
      [],
      {},
      'skein.config.json: unknown name "perhost" (did you mean perHost?)',
    ],
    [
      "a name of a command",
      { "skein.config.json": { get: { perHost: 1 } } },
      [],
      {},
      'skein.config.json: get: unknown name "perHost"',
    ],
    [
      "a value",
      { "skein.config.json": { fetch: { perHost: "many" } } },
      [],
      {},
      'skein.config.json: fetch.perHost: expected a whole number from 1 to 10000, or auto; got "many"',
    ],
    [
      "a switch",
      { "skein.config.json": { insecure: "yes" } },
      [],
      {},
      "skein.config.json: insecure: expected true or false",
    ],
    [
      "an object",
      { "skein.config.json": { timeout: {} } },
      [],
      {},
      "skein.config.json: timeout: expected a text or a number",
    ],
    [
      "two things",
      { "skein.config.json": { timeout: 3, rat: 1 } },
      [],
      {},
      'timeout: 3 of what? Write 3s for seconds, 3ms for milliseconds; unknown name "rat"',
    ],
    [
      "what is no text",
      { "skein.config.json": { header: [1] } },
      [],
      {},
      "skein.config.json: header: expected texts",
    ],
    ["no object", { "skein.config.json": [] }, [], {}, "skein.config.json: expected an object of flags"],
    ["no JSON", { "skein.config.json": "{ user: hunter2 }" }, [], {}, "skein.config.json: not valid JSON"],
    [
      "a secret",
      { "skein.config.json": { user: "hunter2", header: "hunter2" } },
      [],
      {},
      "skein.config.json: user: expected name:password",
    ],
    ["a throw", { "skein.config.ts": "throw new Error('so it is')" }, [], {}, "skein.config.ts: so it is"],
    [
      "two files",
      { "skein.config.json": {}, "skein.config.ts": "" },
      [],
      {},
      "skein.config.json and skein.config.ts both stand here",
    ],
    [
      "what is of one call",
      { "skein.config.json": { fetch: { fresh: true } } },
      [],
      {},
      'fetch: unknown name "fresh"',
    ],
    ["a variable", {}, [], { SKEIN_TIMEOUT: "soon" }, "SKEIN_TIMEOUT: expected a duration from 1ms to 24h"],
    [
      "a variable that is a switch",
      {},
      [],
      { SKEIN_INSECURE: "maybe" },
      "SKEIN_INSECURE: expected 1 or 0, true or false",
    ],
    ["a secret variable", {}, [], { SKEIN_USER: "hunter2" }, "SKEIN_USER: expected name:password"],
  ])("%s", async (_name, files, args, env, message) => {
    await using origin = await originServer();
    const end = await runSkein(["get", `${origin.url}/ok`, ...args], { cwd: directoryWith(files), env });
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain(message);
    expect(end.stderr).not.toContain("hunter2");
    expect(origin.requestCount).toBe(0);
  });

  test.each([["missing.json"], ["missing.ts"]])("--config %s that is not there", async name => {
    const end = await runSkein(["get", "https://example.com", "--config", name], { cwd: scratchDirectory() });
    expect(end.code).toBe(3);
    expect(end.stderr).toContain(`--config: can't read ${name}: `);
  });
});

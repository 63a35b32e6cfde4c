import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  describe,
  expect,
  originServer,
  scriptedServer,
  test,
  testBytes,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { runSkein, scratchDirectory, startSkein } from "./run-skein.ts";

describe("skein get", () => {
  test("prints the body as it came when piped, and nothing else", async () => {
    await using origin = await originServer();
    const end = await runSkein(["get", `${origin.url}/bytes/100000`]);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect(Buffer.from(end.stdout, "latin1")).toEqual(Buffer.from(testBytes(100_000)));
    expect((await runSkein(["get", `${origin.url}/json`])).stdout).toBe('{"message":"hello","number":42}');
  });

  test("decodes what is encoded, and follows redirects", async () => {
    await using origin = await originServer();
    expect((await runSkein(["get", `${origin.url}/gzip`])).stdout).toBe(
      (await runSkein(["get", `${origin.url}/br`])).stdout,
    );
    expect((await runSkein(["get", `${origin.url}/redirect-chain/3`])).stdout).toBe("ok");
  });

  test("-i prints status and headers before the body", async () => {
    await using origin = await originServer();
    const { stdout } = await runSkein(["get", "-i", `${origin.url}/ok`]);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\ncontent-type: text\/plain; charset=utf-8\n.*\n\nok$/s);
  });

  test("-v shows the exchange, redirects included, on standard error and without secrets", async () => {
    await using origin = await originServer();
    const url = `${origin.url}/redirect/302?to=/ok&token=hunter2`;
    const end = await runSkein(["get", "-v", url, "-H", "Authorization: Bearer hunter2"]);
    expect(end.stdout).toBe("ok");
    expect(end.stderr.split("\n").filter(line => /^[<>] (GET|HTTP|Authorization)/.test(line))).toEqual([
      "> GET /redirect/302?to=/ok&token=*** HTTP/1.1",
      "> Authorization: Bearer ***",
      "< HTTP/1.1 302 Found",
      "> GET /ok HTTP/1.1",
      "> Authorization: Bearer ***",
      "< HTTP/1.1 200 OK",
    ]);
    expect(end.stderr).not.toContain("hunter2");
    expect(origin.requests[0]?.header("authorization")).toBe("Bearer hunter2");
  });

  test("-o writes the body into a file", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    const end = await runSkein(["get", `${origin.url}/bytes/5000`, "-o", "out.bin"], { cwd });
    expect(end).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(join(cwd, "out.bin"))).toEqual(Buffer.from(testBytes(5_000)));
  });

  test("a file that can't be written is a file error", async () => {
    await using origin = await originServer();
    const end = await runSkein(["get", `${origin.url}/ok`, "-o", "/no/such/place"]);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain("skein: -o: can't write /no/such/place: ");
  });

  test("headers: our own, replaced, removed", async () => {
    await using origin = await originServer();
    const flags = ["-H", "X-A: 1", "-H", "x-a: 2", "-H", "Accept:", "--user-agent", "me/1"];
    await runSkein(["get", `${origin.url}/ok`, ...flags]);
    const [seen] = origin.requests;
    expect(seen?.header("x-a")).toBe("1, 2");
    expect(seen?.header("accept")).toBeUndefined();
    expect(seen?.header("user-agent")).toBe("me/1");
    await runSkein(["get", `${origin.url}/ok`]);
    expect(origin.requests[1]?.header("user-agent")).toMatch(/^skein\/\d/);
  });

  test("a status is an answer; with --fail it is not", async () => {
    await using origin = await originServer();
    const url = `${origin.url}/status/404`;
    expect(await runSkein(["get", url])).toMatchObject({ code: 0, stdout: "status 404", stderr: "" });
    expect(await runSkein(["get", "--fail", url])).toMatchObject({
      code: 1,
      stdout: "status 404",
      stderr: `skein: GET ${url}: answered 404 Not Found\n`,
    });
  });
});

describe("the other methods", () => {
  test.each(["post", "put", "patch", "delete"])("%s sends a body", async method => {
    await using origin = await originServer();
    const end = await runSkein([method, `${origin.url}/echo`, "-d", "a=1&b=2"]);
    const seen = JSON.parse(end.stdout);
    expect(seen).toMatchObject({ method: method.toUpperCase(), body: "a=1&b=2" });
    expect(origin.requests[0]?.header("content-type")).toBe("application/x-www-form-urlencoded");
  });

  test("--json, from standard input; -H has the last word on the content type", async () => {
    await using origin = await originServer();
    const url = `${origin.url}/echo`;
    const end = await runSkein(["post", url, "--json", "@-"], { input: '{"a": 1}' });
    expect(JSON.parse(end.stdout).body).toBe('{"a": 1}');
    expect(origin.requests[0]?.header("content-type")).toBe("application/json");
    await runSkein(["post", url, "--json", "1", "-H", "Content-Type: application/vnd.api+json"]);
    expect(origin.requests[1]?.header("content-type")).toBe("application/vnd.api+json");
  });

  test("-d @file sends bytes as they are", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    writeFileSync(join(cwd, "a.bin"), testBytes(3_000));
    const end = await runSkein(["put", `${origin.url}/echo`, "-d", "@a.bin"], { cwd });
    expect(Buffer.from(JSON.parse(end.stdout).bodyBase64, "base64")).toEqual(Buffer.from(testBytes(3_000)));
  });

  test("head prints the headers", async () => {
    await using origin = await originServer();
    const { stdout } = await runSkein(["head", `${origin.url}/ok`]);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\ncontent-type: text\/plain.*\n\n$/s);
    expect(origin.requests[0]?.method).toBe("HEAD");
  });
});

describe("no answer", () => {
  test("a refused connection is one line, and exit code 1", async () => {
    const origin = await originServer();
    await origin.close();
    const end = await runSkein(["get", `${origin.url}/ok`]);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toMatch(new RegExp(`^skein: GET ${origin.url}/ok: .*refused.*\n$`));
  });

  test("--timeout", async () => {
    await using origin = await originServer();
    const end = await runSkein(["get", `${origin.url}/hang`, "--timeout", "200ms"]);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toMatch(/^skein: GET http.*200 ms.*\n$/);
  });

  test("--max-body", async () => {
    await using origin = await originServer();
    const end = await runSkein(["get", `${origin.url}/bytes/2000`, "--max-body", "1kb"]);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toMatch(/^skein: GET http.*\n$/);
    expect((await runSkein(["get", `${origin.url}/bytes/1000`, "--max-body", "1kb"])).code).toBe(0);
  });

  test("a body that is cut is no answer: nothing of it is printed", async () => {
    await using origin = await originServer();
    const end = await runSkein(["get", `${origin.url}/cut-mid-body`]);
    expect(end).toMatchObject({ code: 1, stdout: "" });
  });

  test("a server's message can't steer the terminal", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write("HTTP/1.1 200 \x1b[2J\x07OK\r\ncontent-length: 0\r\nx-a: \x1b[2J\r\n\r\n");
    });
    const end = await runSkein(["get", "-v", server.url]);
    expect(end.stderr + end.stdout).not.toContain("\x1b");
  });
});

describe("certificates", () => {
  test("an unknown authority is refused; --cacert trusts it, -k trusts anyone", async () => {
    await using origin = await tlsOriginServer();
    const url = `${origin.url}/ok`;
    const refused = await runSkein(["get", url]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^skein: GET https:.*certificate.*\n$/i);
    const { caFile } = testCertificates();
    expect(await runSkein(["get", url, "--cacert", caFile])).toMatchObject({
      code: 0,
      stdout: "ok",
      stderr: "",
    });
    expect(await runSkein(["get", url, "-k"])).toMatchObject({ code: 0, stdout: "ok" });
  });
});

describe("standard output", () => {
  test("a reader that leaves early is no crash", async () => {
    await using origin = await originServer();
    const running = startSkein(["get", `${origin.url}/bytes/5000000`]);
    running.child.stdout?.destroy();
    const end = await running.ended;
    expect(end).toMatchObject({ code: 0, stderr: "" });
  });
});

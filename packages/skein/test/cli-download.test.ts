import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, originServer, scriptedServer, test, testBytes } from "@skein/testkit";
import { runSkein, scratchDirectory, startSkein } from "./run-skein.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("skein download", () => {
  test("writes a file by the URL's name, says what came, and does not overwrite it", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    const end = await runSkein(["download", `${origin.url}/bytes/300000`], { cwd });
    const digits = sha256(testBytes(300_000));
    expect(end).toMatchObject({ code: 0, stdout: "" });
    expect(end.stderr).toBe(`300000: 300 kB, SHA-256 ${digits}\n`);
    expect(readFileSync(join(cwd, "300000"))).toEqual(Buffer.from(testBytes(300_000)));
    const again = await runSkein(["download", `${origin.url}/bytes/300000`], { cwd });
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("-o: 300000 exists; give another file, or overwrite it with --force");
    expect(origin.requestCount).toBe(1);
    const forced = await runSkein(["download", `${origin.url}/bytes/300000`, "--force", "-q"], { cwd });
    expect(forced).toMatchObject({ code: 0, stderr: "" });
  });

  test("into a directory; --sha256 must be that of the file, or nothing is left", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    mkdirSync(join(cwd, "in"));
    const url = `${origin.url}/bytes/1000`;
    const good = ["--sha256", sha256(testBytes(1_000)).toUpperCase()];
    expect((await runSkein(["download", url, "-o", "in", ...good], { cwd })).code).toBe(0);
    const end = await runSkein(["download", url, "-o", "bad.bin", "--sha256", "0".repeat(64)], { cwd });
    expect(end.code).toBe(1);
    expect(end.stderr).toContain("the SHA-256 of what was downloaded is ");
    expect(readdirSync(cwd)).toEqual(["in"]);
    expect(readdirSync(join(cwd, "in"))).toEqual(["1000"]);
  });

  test("a refused status leaves no file; a file that can't be written is a file error", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    const end = await runSkein(["download", `${origin.url}/status/404`, "-o", "x"], { cwd });
    expect(end.code).toBe(1);
    expect(end.stderr).toContain("404");
    expect((await runSkein(["download", `${origin.url}/ok`, "-o", "no/x"], { cwd })).code).toBe(3);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("Ctrl-C leaves what has come, and the same command goes on there", async () => {
    const whole = Buffer.from(testBytes(60_000));
    const head = 'HTTP/1.1 200 OK\r\nETag: "one"\r\nAccept-Ranges: bytes\r\nContent-Length: 60000\r\n\r\n';
    const rest = 'HTTP/1.1 206 Partial Content\r\nETag: "one"\r\nContent-Range: bytes';
    const asked: string[] = [];
    await using server = await scriptedServer(async connection => {
      const request = await connection.readHead();
      asked.push(request);
      const from = Number(/range: bytes=(\d+)-/i.exec(request)?.[1] ?? 0);
      if (from === 0) await connection.write(Buffer.concat([Buffer.from(head), whole.subarray(0, 20_000)]));
      else {
        const start = `${rest} ${from}-59999/60000\r\nContent-Length: ${60_000 - from}\r\n\r\n`;
        await connection.write(Buffer.concat([Buffer.from(start), whole.subarray(from)]));
      }
    });
    const cwd = scratchDirectory();
    const args = ["download", `${server.url}/file.bin`];
    const run = startSkein(args, { cwd });
    const part = join(cwd, "file.bin.part");
    await expect.poll(() => existsSync(part) && readFileSync(part).length, { timeout: 15_000 }).toBe(20_000);
    run.child.kill("SIGINT");
    const end = await run.ended;
    expect(end.code).toBe(130);
    expect(end.stderr).toContain(`To go on:\n  skein download ${server.url}/file.bin`);
    const again = await runSkein(args, { cwd });
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("(gone on with)");
    expect(asked[1]).toMatch(/\r\nif-range: "one"\r\n/i);
    expect(readFileSync(join(cwd, "file.bin"))).toEqual(whole);
    expect(readdirSync(cwd)).toEqual(["file.bin"]);
  });
});

test.each([
  [["https://example.com/"], 2, "-o FILE is needed: the URL ends with no name that a file could have"],
  [["https://example.com/..%2f"], 2, "-o FILE is needed"],
  [
    ["https://example.com/x", "--sha256", "abc"],
    2,
    '--sha256: expected 64 hexadecimal digits, as sha256sum prints them; got "abc"',
  ],
  [["https://example.com/there"], 2, "-o: there exists"],
  [["https://example.com/x", "-d", "a"], 2, "unknown option '-d'"],
])("skein download %j: %d", async (args, code, message) => {
  const cwd = scratchDirectory();
  writeFileSync(join(cwd, "there"), "mine");
  const end = await runSkein(["download", ...args], { cwd });
  expect(end).toMatchObject({ code, stdout: "" });
  expect(end.stderr).toContain(message);
  expect(readdirSync(cwd)).toEqual(["there"]);
});

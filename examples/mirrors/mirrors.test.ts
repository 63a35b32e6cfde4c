import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, originServer, test, testBytes } from "@skein/testkit";
import {
  Client,
  isConnectError,
  isGroupError,
  isHTTPStatusError,
} from "../../packages/skein/src/entry/node.ts";
import { fetchFromMirrors } from "./mirrors.ts";

const FILE = testBytes(200_000);
const SHA256 = createHash("sha256").update(FILE).digest("hex");

/** A mirror that has begun its answer and goes on for ever, unless it is told that nobody wants it. */
async function startEndless() {
  let [begun, abandoned] = [0, 0];
  const server = await originServer({
    routes: {
      file: ({ response }) => {
        begun += 1;
        const timer = setInterval(() => response.write("x"), 10);
        response.on("close", () => {
          clearInterval(timer);
          abandoned += 1;
        });
      },
    },
  });
  return { server, seen: () => ({ begun, abandoned }) };
}

test("the first whole and right file wins; the other mirrors see their requests end", async () => {
  const endless = await startEndless();
  await using slow = endless.server;
  await using silent = await originServer({ routes: { file: () => {} } });
  await using damaged = await originServer({
    routes: { file: ({ response }) => response.end(FILE.subarray(1)) as never },
  });
  await using good = await originServer({
    routes: { file: ({ response }) => setTimeout(() => response.end(FILE), 100) as never },
  });
  await using client = new Client({ raiseForStatus: true });
  const mirrors = [slow, silent, damaged, good].map(({ url }) => `${url}/file`);
  const { url, bytes } = await fetchFromMirrors(client, mirrors, SHA256);
  expect(url).toBe(mirrors[3]);
  expect(Buffer.compare(bytes, FILE)).toBe(0);
  await expect.poll(endless.seen).toEqual({ begun: 1, abandoned: 1 });
  await expect.poll(() => silent.openConnections).toBe(0);
  expect(silent.requestCount).toBe(1);
  // Who has answered in full keeps its connection: only the losers were cut.
  expect(good.openConnections).toBe(1);
});

test("when no mirror has it, the error says why, of each", async () => {
  await using missing = await originServer();
  await using other = await originServer({
    routes: { file: ({ response }) => response.end("old") as never },
  });
  const gone = await originServer();
  await gone.close();
  await using client = new Client({ raiseForStatus: true, retry: false });
  const mirrors = [missing, other, gone].map(({ url }) => `${url}/file`);
  const error = await fetchFromMirrors(client, mirrors, SHA256).catch((thrown: unknown) => thrown);
  if (!isGroupError(error)) throw new Error(`expected a GroupError, got ${error}`);
  const [notFound, wrong, refused] = error.errors;
  expect(isHTTPStatusError(notFound)).toBe(true);
  expect(String(wrong)).toContain("its SHA-256 is");
  expect(isConnectError(refused)).toBe(true);
});

test("as a program: it writes the file, and does not stay for the mirror that hangs", async () => {
  await using silent = await originServer({ routes: { file: () => {} } });
  await using good = await originServer({ routes: { file: ({ response }) => response.end(FILE) as never } });
  const folder = await mkdtemp(join(tmpdir(), "skein-mirrors-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const program = new URL("mirrors.ts", import.meta.url).pathname;
  const args = [program, SHA256, join(folder, "file"), `${silent.url}/file`, `${good.url}/file`];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  onTestFinished(() => {
    child.kill();
  });
  const code = await new Promise(resolve => child.once("exit", resolve));
  expect(code).toBe(0);
  expect(Buffer.compare(await readFile(join(folder, "file")), FILE)).toBe(0);
});

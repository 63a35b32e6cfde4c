import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, originServer, test } from "@skein/testkit";
import { Client } from "../src/entry/node.ts";

/** Rights are those of POSIX; Windows has others. */
const testPosix = test.skipIf(process.platform === "win32");

async function start() {
  const folder = await mkdtemp(join(tmpdir(), "skein-rights-"));
  const origin = await originServer({
    routes: {
      cut: ({ response }) => {
        response.setHeader("etag", '"v1"');
        response.setHeader("content-length", "100000");
        response.write("x".repeat(50_000), () => setTimeout(() => response.destroy(), 50));
      },
    },
  });
  const client = new Client({ retry: false });
  onTestFinished(async () => {
    await client.close();
    await origin.close();
    await rm(folder, { recursive: true });
  });
  return { client, origin, folder, path: join(folder, "file.bin") };
}

const rights = async (path: string) => (await stat(path)).mode & 0o777;

testPosix(
  "a download has the rights of the file that it replaces, and else those of any new file",
  async () => {
    const { client, origin, path, folder } = await start();
    await client.download(`${origin.url}/bytes/1000`, path);
    await writeFile(join(folder, "usual"), "");
    expect(await rights(path)).toBe(await rights(join(folder, "usual")));
    await chmod(path, 0o600);
    await client.download(`${origin.url}/bytes/1000`, path);
    expect(await rights(path)).toBe(0o600);
  },
);

testPosix(
  "what is left to be gone on with: others read no more of it than of the file, and nothing of its URL",
  async () => {
    const { client, origin, path, folder } = await start();
    await writeFile(path, "secret", { mode: 0o600 });
    await expect(client.download(`${origin.url}/cut?token=x`, path, { resume: true })).rejects.toThrow();
    expect((await readdir(folder)).sort()).toEqual(["file.bin", "file.bin.part", "file.bin.part.json"]);
    expect([await rights(`${path}.part`), await rights(`${path}.part.json`)]).toEqual([0o600, 0o600]);
  },
);

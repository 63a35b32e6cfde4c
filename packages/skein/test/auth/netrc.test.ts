import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "@skein/testkit";
import { NetrcAuth } from "../../src/entry/node.ts";
import { basic, redirect, seen, start } from "./guarded-origins.ts";

describe("netrc", () => {
  test("the entry of exactly the host that is connected to, and none after a redirect elsewhere", async () => {
    const folder = await mkdtemp(join(tmpdir(), "skein-netrc-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "netrc");
    await writeFile(file, "machine localhost login l password x\nmachine 127.0.0.1 login me password s3\n");
    const { origin, other, client } = await start({}, { auth: new NetrcAuth(file) });
    await client.get(`${origin.url}/ok`);
    // What stands before the @ is a user name: the host is what follows it.
    await client.get(`${origin.url.replace("//", "//localhost:80@")}/ok`, { auth: null });
    await client.get(origin.url + redirect(`${other.url}/ok`));
    expect([seen(origin), seen(other)]).toEqual([
      [basic("me:s3"), basic("localhost:80"), basic("me:s3")],
      [undefined],
    ]);
  });

  test("a file that is not there is named", async () => {
    const { origin, client } = await start({}, { auth: new NetrcAuth("/nowhere/netrc") });
    const call = client.get(`${origin.url}/ok`);
    await expect(call).rejects.toThrow("NetrcAuth: /nowhere/netrc: there is no such file");
  });
});

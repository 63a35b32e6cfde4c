import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, originServer, proxyServer, test } from "@skein/testkit";
import { runSkein, scratchDirectory } from "../run-skein.ts";

describe("skein", () => {
  test("-x, --noproxy: through a proxy, and around it", async () => {
    await using origin = await originServer();
    await using proxy = await proxyServer({ auth: "me:pw" });
    const through = ["-x", proxy.url.replace("//", "//me:pw@")];
    const get = (...flags: string[]) => runSkein(["get", `${origin.url}/ok`, ...flags]);
    expect(await get(...through)).toMatchObject({ code: 0, stdout: "ok" });
    expect(await get(...through, "--noproxy", "127.0.0.0/8")).toMatchObject({ code: 0, stdout: "ok" });
    expect(proxy.forwarded).toHaveLength(1);
    const refused = await get("-x", proxy.url.replace("//", "//me:hunter2@"));
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain(`the proxy ${proxy.url} refuses the request: 407`);
    expect(refused.stderr).not.toContain("hunter2");
  });

  test("what the environment says, and the flags that overrule it", async () => {
    await using origin = await originServer();
    await using proxy = await proxyServer();
    const env = { http_proxy: proxy.url };
    const resolve = ["--resolve", `Name.test:${origin.port}:[::1],127.0.0.1`];
    const get = (...flags: string[]) =>
      runSkein(["get", `http://name.test:${origin.port}/ok`, ...resolve, ...flags], { env });
    expect(await get()).toMatchObject({ code: 0, stdout: "ok" });
    expect(proxy.forwarded).toHaveLength(1);
    expect(await get("-x", "")).toMatchObject({ code: 0, stdout: "ok" });
    expect(await get("--noproxy", ".test")).toMatchObject({ code: 0, stdout: "ok" });
    expect(proxy.forwarded).toHaveLength(1);
  });

  test("--proxy-file: they take turns", async () => {
    await using origin = await originServer();
    await using first = await proxyServer();
    await using second = await proxyServer();
    const cwd = scratchDirectory();
    writeFileSync(join(cwd, "proxies.txt"), `# ours\n${first.url}\r\n\n  ${second.url}\n`);
    const urls = Array.from({ length: 8 }, (_, i) => `${origin.url}/delay/50?i=${i}`);
    const end = await runSkein(["fetch", ...urls, "--proxy-file", "proxies.txt", "-o", "out.jsonl", "-q"], {
      cwd,
    });
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect([first.forwarded.length > 0, second.forwarded.length > 0]).toEqual([true, true]);
    expect(first.forwarded.length + second.forwarded.length).toBe(8);
  });

  test.each<[string[], number, RegExp]>([
    [["-x", "gopher://a"], 2, /scheme "gopher" can't be used/],
    [["-x", "http://a", "--proxy-file", "b"], 2, /leave one of them out/],
    [["--proxy-file", "/no/such.txt"], 3, /can't read \/no\/such\.txt/],
    [["--proxy-file", "/dev/null"], 3, /names no proxy/],
    [["--resolve", "example.com:127.0.0.1"], 2, /expected host:port:address/],
    [["--resolve", "example.com:80:here"], 2, /expected host:port:address/],
  ])("%j is refused", async (flags, code, message) => {
    const end = await runSkein(["get", "http://127.0.0.1:1/", ...flags]);
    expect(end.code).toBe(code);
    expect(end.stderr).toMatch(message);
  });
});

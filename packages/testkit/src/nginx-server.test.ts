import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, nginxServer, onTestFinished, test, vi } from "./index.ts";

test("serves a folder, and from memory", async () => {
  const root = mkdtempSync(join(tmpdir(), "skein-root-"));
  writeFileSync(join(root, "a.txt"), "from a file");
  const served = await nginxServer({ root });
  onTestFinished(() => served.close());
  onTestFinished(() => rmSync(root, { recursive: true }));
  const file = await fetch(`${served.url}/a.txt`);
  expect(file.headers.get("server")).toMatch(/^nginx/);
  expect(await file.text()).toBe("from a file");
  expect(await (await fetch(`${served.url}/ok`)).text()).toBe("ok");
  expect((await fetch(`${served.url}/json`)).headers.get("content-type")).toBe("application/json");
  expect((await fetch(`${served.url}/none`)).status).toBe(404);
});

test("takes locations of its own, and binds its worker to a CPU", async () => {
  const server = await nginxServer({ locations: "location /teapot { return 418; }", cpu: 0 });
  onTestFinished(() => server.close());
  expect((await fetch(`${server.url}/teapot`)).status).toBe(418);
  const worker = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").trim();
  expect(readFileSync(`/proc/${worker}/status`, "utf8")).toMatch(/^Cpus_allowed_list:\t0$/m);
});

test("takes a whole configuration; closing stops the process and removes its folder", async () => {
  let folder = "";
  const server = await nginxServer({
    config: ({ port, directory }) => {
      folder = directory;
      return `daemon off; pid nginx.pid; events {} http { access_log off; server { listen 127.0.0.1:${port}; return 204; } }`;
    },
  });
  expect((await fetch(server.url)).status).toBe(204);
  expect(existsSync(folder)).toBe(true);
  await server.close();
  expect(existsSync(folder)).toBe(false);
  expect(() => process.kill(server.pid, 0)).toThrow("ESRCH");
  await server.close();
});

test("a configuration that is wrong is told with nginx's own words", async () => {
  await expect(nginxServer({ locations: "nonsense;" })).rejects.toThrow(/unknown directive "nonsense"/);
});

test("without nginx, the error names the package", async () => {
  vi.stubEnv("PATH", "/nonexistent");
  await expect(nginxServer()).rejects.toThrow("nginx is not installed: apt-get install nginx-light");
});

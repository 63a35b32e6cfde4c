// Whom the dashboard answers: nobody but who has been given its URL, whatever page a browser has open.

import { expect, originServer, test } from "@skein/testkit";
import { JobFolder } from "../jobs/job-folder.ts";
import { type ServedJob, serveRecorded } from "./served-job.ts";

async function servedJob(): Promise<ServedJob> {
  await using origin = await originServer();
  const folder = new JobFolder();
  folder.write([`${origin.url}/bytes/1`]);
  await folder.run();
  return serveRecorded(folder.output);
}

const PATHS = ["/api/job", "/api/events", "/api/series", "/api/items", "/api/items/count", "/api/items/1"];

test("without the token, or with a wrong one, nothing is told", async () => {
  const job = await servedJob();
  const wrong = "x".repeat(job.token.length);
  for (const path of PATHS) {
    expect((await job.ask({ path })).status).toBe(401);
    expect((await job.ask({ path: `${path}?token=${wrong}` })).status).toBe(401);
    expect((await job.ask({ path, headers: { authorization: `Bearer ${job.token}x` } })).status).toBe(401);
    expect((await job.ask({ path, headers: { authorization: `Basic ${job.token}` } })).status).toBe(401);
  }
  const control = { path: "/api/control", method: "POST", body: '{"action":"pause"}' };
  const headers = { "content-type": "application/json" };
  expect((await job.ask({ ...control, headers })).status).toBe(401);
  expect((await job.ask({ path: `/api/job?token=${job.token}` })).status).toBe(200);
  expect(Buffer.from(job.token, "base64url")).toHaveLength(32);
});

test.each([
  "evil.example",
  "127.0.0.1.evil.example",
  "evil.example:PORT",
  "127.0.0.1:1",
  "localhost",
  "[::2]:PORT",
])("a Host that is not its own is refused: %j", async host => {
  const job = await servedJob();
  const headers = { host: host.replace("PORT", String(job.port)), authorization: `Bearer ${job.token}` };
  for (const path of ["/", ...PATHS]) {
    const { status, text } = await job.ask({ path, headers });
    // Without any Host, Node itself refuses.
    expect(status).toBe(host === "" ? 403 : 403);
    expect(text).not.toContain("succeeded");
  }
});

test("its own names are taken, in upper case too", async () => {
  const job = await servedJob();
  for (const name of ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"]) {
    const headers = { host: `${name}:${job.port}`, authorization: `Bearer ${job.token}` };
    expect((await job.ask({ path: "/api/job", headers })).status).toBe(200);
  }
});

test.each([
  "http://evil.example",
  "http://localhost:1",
  "https://localhost:PORT",
  "null",
  "http://evil.example:PORT",
])("an Origin that is not its own is refused, token or not: %s", async text => {
  const job = await servedJob();
  const origin = text.replace("PORT", String(job.port));
  const headers = { origin, authorization: `Bearer ${job.token}`, "content-type": "application/json" };
  expect((await job.ask({ path: "/api/job", headers })).status).toBe(403);
  const body = '{"action":"pause"}';
  expect((await job.ask({ path: "/api/control", method: "POST", headers, body })).status).toBe(403);
  expect((await job.ask({ path: "/api/control", method: "OPTIONS", headers })).status).toBe(403);
});

test("a page of another site can't embed what it would get here", async () => {
  const job = await servedJob();
  const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
  expect((await job.ask({ path: `/api/job?token=${job.token}`, headers })).status).toBe(403);
  const followed = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  expect((await job.ask({ path: `/?token=${job.token}`, headers: followed })).status).toBe(200);
});

test("nothing is stored, nothing comes from elsewhere, nothing is framed", async () => {
  const job = await servedJob();
  for (const path of ["/", `/api/job?token=${job.token}`, "/api/job", "/nothing"]) {
    const { headers } = await job.ask({ path });
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'self';.*frame-ancestors 'none'$/,
    );
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  }
  const { text } = await job.ask({ path: "/" });
  expect(text).toContain("<!doctype html>");
  expect(text).not.toMatch(/https?:\/\//);
});

test("files beside the page are not served", async () => {
  const job = await servedJob();
  for (const path of [
    "/../package.json",
    "/..%2fpackage.json",
    "/%2e%2e/cli.js",
    "/api",
    "//evil.example/",
  ]) {
    expect((await job.ask({ path })).status).toBe(404);
  }
});

test("bodies are bounded, and must say that they are JSON", async () => {
  const job = await servedJob();
  const post = (body: string, type: string) =>
    job.ask({
      path: "/api/control",
      method: "POST",
      headers: { authorization: `Bearer ${job.token}`, "content-type": type },
      body,
    });
  expect((await post("x".repeat(17 * 1024), "application/json")).status).toBe(413);
  expect((await post('{"action":"pause"}', "text/plain")).status).toBe(415);
  expect((await post("{", "application/json")).status).toBe(400);
  expect((await post("[]", "application/json")).status).toBe(400);
  expect((await post('{"action":"explode"}', "application/json")).status).toBe(400);
  // What is understood is refused too: the job does not run here.
  const refused = await post('{"action":"pause"}', "application/json");
  expect([refused.status, JSON.parse(refused.text).error]).toEqual([
    409,
    expect.stringContaining("only its journal"),
  ]);
  expect((await job.ask({ path: `/api/control?token=${job.token}` })).status).toBe(405);
});

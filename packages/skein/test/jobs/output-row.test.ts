import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  originServer,
  test,
  testBytes,
} from "@skein/testkit";
import { JobFolder, linesOf } from "./job-folder.ts";

let origin: OriginServer;

beforeAll(async () => {
  origin = await originServer({
    routes: {
      type: ({ response, query }) => {
        response.setHeader("content-type", query.get("type") ?? "");
        response.end(Buffer.from(query.get("hex") ?? "", "hex"));
      },
    },
  });
});

afterAll(() => origin.close());

describe("a row", () => {
  test("has its names in their order, and one line", async () => {
    const folder = new JobFolder();
    folder.write([JSON.stringify({ id: "a1", url: `${origin.url}/text`, meta: { k: [1, "ü"] } })]);
    await folder.run();
    const line = linesOf(folder.output)[0]!;
    expect(line.replace(/"timings":\{[^}]*\}/, '"timings":{}')).toBe(
      `{"v":1,"id":"a1","url":"${origin.url}/text","finalUrl":"${origin.url}/text","state":"succeeded","status":200` +
        `,"attempts":1,"timings":{},"bytes":20,"sha256":"${hash("sha256", "Grüße, 世界 ✓\n")}"` +
        ',"contentType":"text/plain; charset=utf-8","body":"Grüße, 世界 ✓\\n","meta":{"k":[1,"ü"]}}',
    );
    expect(Object.keys(JSON.parse(line).timings)).toEqual(["queued", "waited", "served"]);
  });

  test("tells what failed, and keeps the body of a refused status", async () => {
    const folder = new JobFolder();
    folder.write([
      `${origin.url}/status/404`,
      `${origin.url}/reset-mid-body`,
      `${origin.url}/redirect/302?to=/json`,
    ]);
    const summary = await folder.run({ attempts: 2 });
    const [refused, reset, redirected] = folder.rows().toSorted((a, b) => Number(a.id) - Number(b.id));
    expect(refused).toMatchObject({ state: "failed", status: 404, attempts: 1, body: "status 404" });
    expect(refused?.error).toMatchObject({ code: "HTTP_STATUS", phase: "status" });
    expect(reset).toMatchObject({ state: "failed", status: null, finalUrl: null, bytes: null, attempts: 2 });
    expect(reset?.error).toMatchObject({ code: "CONNECTION_RESET", phase: "body" });
    expect(redirected).toMatchObject({ state: "succeeded", finalUrl: `${origin.url}/json`, status: 200 });
    expect(summary).toMatchObject({ ended: "complete", done: 3, succeeded: 1, failed: 2, rejected: 0 });
    expect(summary.byStatus).toEqual(
      new Map([
        [404, 1],
        [200, 1],
      ]),
    );
    expect(summary.byError.get("CONNECTION_RESET")).toEqual({ count: 1, sample: reset?.error?.message });
  });

  test("holds a body so that it comes back byte for byte", async () => {
    const folder = new JobFolder();
    const bodies = [
      { type: "text/html", hex: Buffer.from("\ufeff<p>ä\u0000\u2028</p>").toString("hex"), as: "body" },
      { type: "application/vnd.api+json", hex: Buffer.from('{"a":1}').toString("hex"), as: "body" },
      { type: "", hex: Buffer.from("plain").toString("hex"), as: "body" },
      { type: "text/plain; charset=iso-8859-1", hex: "e4f6fc", as: "bodyBase64" },
      { type: "image/png", hex: Buffer.from("not text by its type").toString("hex"), as: "bodyBase64" },
      { type: "text/plain", hex: "eda080", as: "bodyBase64" },
      { type: "text/plain", hex: "", as: "body" },
    ] as const;
    folder.write(
      bodies.map(({ type, hex }) => `${origin.url}/type?type=${encodeURIComponent(type)}&hex=${hex}`),
    );
    await folder.run();
    const rows = folder.rows();
    bodies.forEach(({ hex, as }, index) => {
      const row = rows.find(({ id }) => id === index + 1)!;
      const content = Buffer.from(row[as] ?? "missing", as === "body" ? "utf8" : "base64");
      expect(content.toString("hex")).toBe(hex);
      expect(row).toMatchObject({ bytes: hex.length / 2, sha256: hash("sha256", content) });
      expect([row.body, row.bodyBase64, row.path].filter(field => field !== undefined)).toHaveLength(1);
    });
  });

  test("names a file for a body over 1 MiB, whose content is right", async () => {
    const folder = new JobFolder();
    const size = 1024 * 1024;
    folder.write([`${origin.url}/bytes/${size}`, `${origin.url}/bytes/${size + 1}`]);
    await folder.run();
    const [inline, large] = folder.rows().toSorted((a, b) => Number(a.id) - Number(b.id));
    expect(Buffer.from(inline?.bodyBase64 ?? "", "base64").equals(Buffer.from(testBytes(size)))).toBe(true);
    expect(large?.path).toBe(`out.bodies/${large?.sha256?.slice(0, 2)}/${large?.sha256}`);
    expect(readFileSync(join(folder.path, large?.path ?? "")).equals(Buffer.from(testBytes(size + 1)))).toBe(
      true,
    );
  });

  test("bodies: a directory takes all of them, by content; none keeps none, and still tells their hash", async () => {
    const folder = new JobFolder();
    folder.write([`${origin.url}/json`, `${origin.url}/json?again`, `${origin.url}/status/204`]);
    const bodies = { directory: join(folder.path, "saved") };
    await folder.run({ bodies });
    const saved = folder.rows().filter(row => row.path !== undefined);
    expect(saved.map(row => row.path)).toEqual(
      Array(2).fill(expect.stringMatching(/^saved\/..\/[0-9a-f]{64}\.json$/)),
    );
    expect(hash("sha256", readFileSync(join(folder.path, saved[0]?.path ?? "")))).toBe(saved[0]?.sha256);
    expect(readdirSync(join(folder.path, "saved"), { recursive: true })).toHaveLength(2);

    const another = new JobFolder();
    another.write([`${origin.url}/json`]);
    await another.run({ bodies: "none" });
    expect(another.rows()).toEqual([expect.not.objectContaining({ body: expect.anything() })]);
    expect(another.rows()).toEqual([expect.objectContaining({ sha256: saved[0]?.sha256, bytes: 31 })]);
  });
});

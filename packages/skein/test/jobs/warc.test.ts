// What stands in the WARC file of a job, as warcio reads it.

import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, originServer, test, testBytes } from "@skein/testkit";
import { WARCParser, type WARCRecord } from "warcio";
import { jobRows, verifyJob } from "../../src/entry/jobs.ts";
import { JobFolder } from "./job-folder.ts";

interface Read {
  readonly record: WARCRecord;
  readonly payload: Buffer;
}

async function recordsOf(path: string): Promise<Read[]> {
  const records: Read[] = [];
  for await (const record of new WARCParser(createReadStream(path), { parseHttp: true })) {
    records.push({ record, payload: Buffer.from(await record.readFully(true)) });
  }
  return records;
}

test("each exchange has a request and a response record, each item its row", async () => {
  await using origin = await originServer({
    routes: {
      packed: ({ response }) =>
        void response.setHeader("content-encoding", "gzip").end(gzipSync("tëxt ".repeat(100))),
      away: ({ response }) => void response.writeHead(302, { location: "/packed" }).end("moved"),
    },
  });
  const folder = new JobFolder();
  const output = join(folder.path, "out.warc.gz");
  folder.write([
    `{"url":"${origin.url}/away","id":"redirected"}`,
    `{"url":"${origin.url}/bytes/5000","id":"bytes"}`,
    `{"url":"http://127.0.0.1:1/","id":"no answer"}`,
    `{"url":"${origin.url}/ok","id":"post","method":"PUT","body":"héllo","headers":{"authorization":"Bearer canary"}}`,
  ]);
  await folder.run({ output, attempts: 1, ordered: true, concurrency: 1 });

  const records = await recordsOf(output);
  const first = records[0]!.record;
  expect(first.warcType).toBe("warcinfo");
  const types = records.slice(1).map(({ record }) => record.warcType);
  const exchange = ["response", "request"];
  expect(types).toEqual([
    ...[...exchange, ...exchange, "metadata"],
    ...[...exchange, "metadata"],
    "metadata",
    ...[...exchange, "metadata"],
  ]);
  const responses = records.filter(({ record }) => record.warcType === "response");
  expect(responses.map(({ record }) => record.warcTargetURI)).toEqual([
    `${origin.url}/away`,
    `${origin.url}/packed`,
    `${origin.url}/bytes/5000`,
    `${origin.url}/ok`,
  ]);
  expect(responses[0]!.record.httpHeaders?.statusline).toBe("HTTP/1.1 302 Found");
  expect(responses[0]!.payload.toString()).toBe("moved");
  expect(responses[1]!.payload.toString()).toBe("tëxt ".repeat(100));
  expect(responses[1]!.record.httpHeaders?.headers.get("X-Archive-Orig-Content-Encoding")).toBe("gzip");
  expect(responses[2]!.payload.equals(testBytes(5_000))).toBe(true);
  const rows = records.filter(({ record }) => record.warcType === "metadata");
  expect(rows.map(({ payload }) => (JSON.parse(payload.toString()) as { id: string }).id)).toEqual([
    "redirected",
    "bytes",
    "no answer",
    "post",
  ]);
  for (const { record } of records)
    expect(record.warcHeader("WARC-Block-Digest")).toMatch(/^sha1:[A-Z2-7]{32}$/);

  const text = gunzipSync(readFileSync(output)).toString();
  expect(text).toContain("PUT /ok HTTP/1.1\r\n");
  expect(text).toContain("\r\n\r\nhéllo\r\n\r\n");
  expect(text).toContain("Bearer ***");
  expect(text).not.toContain("canary");
  expect(await verifyJob(output)).toMatchObject({ rows: 4, bodies: 3, problemCount: 0 });
  for await (const row of jobRows(output)) {
    if (row.id === "bytes") expect(row.bodyBase64).toBe(Buffer.from(testBytes(5_000)).toString("base64"));
    else if (row.id === "no answer") expect(row).toMatchObject({ state: "failed", status: null });
  }
});

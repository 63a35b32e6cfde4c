import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, testCertificates } from "@skein/testkit";
import { FLOOD_CASES, type FloodCase } from "./flood-cases.ts";
import { FloodProcess } from "./flood-process.ts";
import { type Flood, type FloodServer, floodServer, TRANSPORTS, type TransportName } from "./flood-server.ts";
import { LIMIT_MS } from "./harness.ts";

const MIB = 2 ** 20;
/** What the engine needs while it is busy, whatever comes: a flood, or what a bomb grows to, has more than twice as much. */
const MOST_RESIDENT = 90 * MIB;
const MOST_KEPT = 4 * MIB;

function floodsOf({ http1, http2 }: FloodCase, transport: TransportName): readonly Flood[] {
  const floods = transport === "HTTP/2 over TLS" ? http2 : http1;
  return floods === undefined ? [] : "opening" in floods ? [floods] : floods;
}

/**
 * Each flood and bomb over each way to a server, in a client whose memory is that of a whole process: the call ends as it
 * should, in time; memory stays bounded, and is given back; the flood's connection is gone, or over HTTP/2 its stream where
 * that is enough; and other calls are answered all the while, by the same client.
 */
describe.each(TRANSPORTS)("%s", transport => {
  const isHttp2 = transport === "HTTP/2 over TLS";
  let client: FloodProcess;
  let calm: FloodServer;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "skein-floods-"));
    client = await FloodProcess.start();
    calm = await floodServer(transport, []);
  });
  afterAll(async () => {
    await client.stop();
    await calm[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const cases = FLOOD_CASES.filter(one => floodsOf(one, transport).length > 0);
  test.each(cases.map(one => [one.name, one] as const))("%s", { timeout: LIMIT_MS }, async (_, one) => {
    await using server = await floodServer(transport, floodsOf(one, transport));
    const { ends, endsHttp2 = ends, how = "buffered", options = {}, most = MOST_RESIDENT } = one;
    const report = await client.run({
      ca: testCertificates().ca,
      http2: isHttp2,
      calm: calm.url,
      url: server.url,
      how,
      file: join(folder, "download"),
      options: { timeout: 20_000, ...options },
    });
    expect(report).toMatchObject({
      ended: isHttp2 ? endsHttp2 : ends,
      others: ["ok"],
      again: expect.stringMatching(one.again ?? /^ok$/),
      escaped: [],
    });
    expect(report.elapsed).toBeLessThan(10_000);
    expect(report.peak, `${server.sent} bytes were sent`).toBeLessThan(most);
    expect(report.kept).toBeLessThan(MOST_KEPT);
    if (ends !== "ok" && !(isHttp2 && one.streamOnly)) expect(await server.flooded()).toBe("closed");
  });
});

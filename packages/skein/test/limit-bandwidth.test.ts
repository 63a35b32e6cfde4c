import { expect, onTestFinished, originServer, test, testBytes } from "@skein/testkit";
import { Client, InvalidOption, limitBandwidth } from "../src/entry/node.ts";

test("bodies come in no faster than the rate, all together, and whole", async () => {
  await using origin = await originServer();
  const client = new Client().with(limitBandwidth(400_000), { after: "adaptiveLimit" });
  onTestFinished(() => client.destroy());
  const started = performance.now();
  const answers = await Promise.all([1, 2].map(() => client.get(`${origin.url}/bytes/200000`)));
  expect(performance.now() - started).toBeGreaterThan(980);
  for (const answer of answers) expect(answer.bytes()).toEqual(testBytes(200_000));
});

test("what is not taken in is left with the server", async () => {
  let written = 0;
  await using origin = await originServer({
    routes: {
      endless: ({ response }) => {
        const block = Buffer.alloc(65_536);
        const write = () => {
          while (!response.destroyed && response.write(block)) written += block.length;
          written += block.length;
        };
        response.on("drain", write);
        write();
      },
    },
  });
  const client = new Client().with(limitBandwidth(100_000), { after: "adaptiveLimit" });
  onTestFinished(() => client.destroy());
  const answer = await client.stream(`${origin.url}/endless`);
  const chunks = answer.chunks();
  await chunks.next();
  await new Promise(resolve => setTimeout(resolve, 300));
  // The system's own buffers hold some megabytes; all that the loopback carries in that time would be hundreds.
  expect(written).toBeLessThan(20_000_000);
  await chunks.return();
});

test("who gives up does not wait for bytes to be paid for", async () => {
  await using origin = await originServer();
  const client = new Client().with(limitBandwidth(1_000), { after: "adaptiveLimit" });
  onTestFinished(() => client.destroy());
  const started = performance.now();
  await expect(client.get(`${origin.url}/bytes/60000`, { timeout: "200ms" })).rejects.toMatchObject({
    code: "TOTAL_TIMEOUT",
  });
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(() => limitBandwidth(0)).toThrow(InvalidOption);
});

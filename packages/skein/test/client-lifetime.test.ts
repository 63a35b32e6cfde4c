import { expect, originServer, test } from "@skein/testkit";
import { Client, ClientClosed } from "../src/entry/node.ts";

test("`await using` closes a client at the end of its block, and its connections with it", async () => {
  await using origin = await originServer();
  let left: Client;
  {
    await using client = new Client({ baseUrl: origin.url });
    await client.get("/ok");
    expect(origin.openConnections).toBe(1);
    left = client;
  }
  await expect.poll(() => origin.openConnections).toBe(0);
  await expect(left.get("/ok")).rejects.toThrow(ClientClosed);
});

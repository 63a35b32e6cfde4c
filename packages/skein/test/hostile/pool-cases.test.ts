import { expect, originServer, type ScriptedConnection, scriptedServer, test } from "@skein/testkit";
import { Client, type SkeinError } from "../../src/entry/node.ts";
import { collectGarbage, nothingEscapes, outcomeOf, pause } from "./harness.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function answering(connection: ScriptedConnection, answer: (path: string) => string): Promise<void> {
  for (;;) await connection.write(answer((await connection.readHead()).split(" ")[1]!));
}

const soon = <T>(promise: Promise<T>, ms = 3_000) =>
  Promise.race([promise, pause(ms).then(() => expect.unreachable(`not within ${ms} ms`))]);

test("a client that is closed twice is closed for both", async () => {
  nothingEscapes();
  await using origin = await originServer();
  const client = new Client();
  const call = client.get(`${origin.url}/delay/100`).text();
  await pause(20);
  await soon(Promise.all([client.close(), client.close()]));
  expect(await call).toBe("ok");
  await soon(client.close());
});

test("closing ends what only connects: nobody waits for it", async () => {
  nothingEscapes();
  // A name server that never answers: the connection attempt hangs.
  const client = new Client({ timeout: false, retry: false, lookup: () => undefined });
  const call = outcomeOf(client.get("http://hangs.test/"));
  await pause(10);
  await soon(client.close());
  expect(await call).toMatchObject({ code: "CLIENT_CLOSED", requestSent: "none" });
});

test("calls that end together have an error each, which names its own request", async () => {
  nothingEscapes();
  await using origin = await originServer();
  for (const limits of [{}, { maxConnections: 1 }]) {
    const client = new Client({ retry: false, limits });
    const calls = [1, 2, 3].map(i => outcomeOf(client.get(`${origin.url}/hang?${i}`)));
    await pause(30);
    client.destroy("enough");
    const errors = (await Promise.all(calls)) as SkeinError[];
    expect(errors.map(error => error.request?.url.at(-1))).toEqual(["1", "2", "3"]);
    expect(errors.map(error => error.message)).toEqual(
      [1, 2, 3].map(i => `GET ${origin.url}/hang?${i}: cancelled: enough`),
    );
  }
});

// The reader is slow, so that the socket is told to wait, and the body ends with those very bytes.
test.each([131_100, 131_200, 150_000, 196_500, 200_000])(
  "a connection whose last body (%i bytes) nobody has read yet carries the next call",
  async size => {
    nothingEscapes();
    const big = `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`;
    await using server = await scriptedServer(connection =>
      answering(connection, path => (path === "/big" ? big : OK)),
    );
    const client = new Client({ retry: false, timeout: { read: 1_000 }, limits: { maxConnections: 1 } });
    const stream = await client.stream(`${server.url}/big`);
    await pause(100);
    const next = client.get(`${server.url}/next`).text();
    await pause(100);
    let read = 0;
    for await (const chunk of stream.chunks()) read += chunk.length;
    expect(read).toBe(size);
    expect(await next).toBe("ok");
    expect(await client.get(`${server.url}/again`).text()).toBe("ok");
    client.destroy();
  },
);

test("a body that ended unread and is given up does not stop the connection's next answer", async () => {
  nothingEscapes();
  const big = `HTTP/1.1 200 OK\r\nContent-Length: 131200\r\n\r\n${"x".repeat(131_200)}`;
  await using server = await scriptedServer(connection =>
    answering(connection, path => (path === "/big" ? big : OK)),
  );
  const client = new Client({ retry: false, timeout: { read: 1_000 } });
  const stream = await client.stream(`${server.url}/big`);
  await pause(100);
  stream.close();
  expect(await client.get(`${server.url}/next`).text()).toBe("ok");
  client.destroy();
});

test("calls that gave up leave nothing behind in the line, however long it is blocked", async () => {
  nothingEscapes();
  await using origin = await originServer();
  const client = new Client({ retry: false, limits: { maxConnections: 1 } });
  const blocking = outcomeOf(client.get(`${origin.url}/hang`));
  const patient = outcomeOf(client.get(`${origin.url}/ok`));
  const bodies: WeakRef<Uint8Array>[] = [];
  for (let i = 0; i < 1_000; i++) {
    const content = new Uint8Array(10_000);
    bodies.push(new WeakRef(content));
    const call = client.post(`${origin.url}/ok`, { content });
    call.cancel();
    await outcomeOf(call);
  }
  await expect
    .poll(
      () => {
        collectGarbage();
        return bodies.filter(body => body.deref() !== undefined).length;
      },
      { timeout: 5_000 },
    )
    .toBeLessThan(200);
  client.destroy();
  await Promise.all([blocking, patient]);
});

test("a call that is sent again, as its connection died, has its whole time to wait for another", async () => {
  nothingEscapes();
  await using server = await scriptedServer(async connection => {
    await connection.readHead();
    await connection.write(OK);
    await connection.readHead();
    if (connection.number > 1) return connection.write(OK);
    await pause(600);
    connection.reset();
  });
  await using other = await originServer();
  const client = new Client({ retry: false, timeout: { pool: 400 }, limits: { maxConnections: 1 } });
  await client.get(server.url);
  const call = client.get(server.url).text();
  await pause(400);
  // It has waited longer, so that it gets the place of the connection that dies.
  const first = client.get(`${other.url}/delay/150`).text();
  expect(await first).toBe("ok");
  expect(await call).toBe("ok");
  client.destroy();
});

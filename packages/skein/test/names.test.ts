import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  describe,
  expect,
  onTestFinished,
  originServer,
  test,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { Client, type ClientOptions, type Lookup, type SkeinError } from "../src/entry/node.ts";

function clientWith(options: ClientOptions): Client {
  const client = new Client({ retry: false, timeout: "10s", ...options });
  onTestFinished(() => client.destroy());
  return client;
}

/** A lookup that answers so, and counts. */
function answering(...addresses: string[]): Lookup & { asked: string[] } {
  const asked: string[] = [];
  const lookup: Lookup = (hostname, { port }, callback) => {
    asked.push(`${hostname}:${port}`);
    setTimeout(
      () =>
        callback(
          null,
          addresses.map(address => ({ address })),
        ),
      5,
    );
  };
  return Object.assign(lookup, { asked });
}

/** An address of this machine on which nobody answers: a server that accepts nothing, and whose queue is full. */
async function blackhole(port: number, host: string): Promise<void> {
  const program = `require("node:net").createServer().listen({ port: ${port}, host: "${host}", backlog: 1 }, () => {
    require("node:fs").writeSync(1, "ready");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  })`;
  const child = spawn(process.execPath, ["--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const fillers = Array.from({ length: 8 }, () => connect(port, host).on("error", () => {}));
  onTestFinished(() => {
    child.kill("SIGKILL");
    for (const socket of fillers) socket.destroy();
  });
  await new Promise(resolve => setTimeout(resolve, 100));
}

describe("lookup", () => {
  test("a function finds the addresses; what it says is connected to, the URL's host is what is asked for", async () => {
    await using origin = await originServer();
    const lookup = answering("127.0.0.1");
    const client = clientWith({ lookup });
    const response = await client.get(`http://skein.test:${origin.port}/echo`);
    expect(response.status).toBe(200);
    expect(origin.requests.at(-1)?.header("host")).toBe(`skein.test:${origin.port}`);
    expect(lookup.asked).toEqual([`skein.test:${origin.port}`]);
  });

  test("one name is asked for once, however many connections wait for it", async () => {
    await using origin = await originServer();
    const lookup = answering("127.0.0.1");
    const client = clientWith({ lookup });
    const urls = Array.from({ length: 20 }, () => `http://skein.test:${origin.port}/delay/50`);
    await Promise.all(urls.map(url => client.get(url)));
    expect(origin.connections).toBe(20);
    expect(lookup.asked).toHaveLength(1);
  });

  test("with one address, as node:dns' lookup may answer; and over TLS the name is what is verified", async () => {
    await using origin = await tlsOriginServer({ certificate: "wildcard" });
    const client = clientWith({
      lookup: (_, __, callback) => callback(null, "127.0.0.1", 4),
      tls: { ca: testCertificates().ca },
    });
    expect(await client.get(`https://a.wild.test:${origin.port}/ok`).text()).toBe("ok");
    await expect(client.get(`https://b.tame.test:${origin.port}/ok`)).rejects.toMatchObject({
      code: "CERTIFICATE_INVALID",
    });
  });

  test.each<[string, Lookup, Partial<SkeinError>]>([
    [
      "an error",
      (_, __, callback) => callback(Object.assign(new Error("no"), { code: "ENOTFOUND" }), []),
      {
        code: "DNS_FAILED",
        phase: "dns",
        message: expect.stringContaining("no address found for skein.test"),
      },
    ],
    ["nothing", (_, __, callback) => callback(null, []), { code: "DNS_FAILED" }],
    [
      "no address",
      (_, __, callback) => callback(null, "evil\0.test"),
      { message: expect.stringContaining("which is no address") },
    ],
    [
      "a throw",
      () => {
        throw new Error("lost");
      },
      { message: expect.stringContaining("lost") },
    ],
  ])("that answers with %s fails the call", async (_, lookup, error) => {
    await expect(clientWith({ lookup }).get("http://skein.test/")).rejects.toMatchObject({
      ...error,
      requestSent: "none",
    });
  });

  test("one that never answers is ended by the connect timeout", async () => {
    const client = clientWith({ lookup: () => undefined, timeout: { connect: "200ms" } });
    await expect(client.get("http://skein.test/")).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
  });

  test("localhost is found by the system and without it", async () => {
    await using origin = await originServer();
    for (const lookup of ["system", "dns"] as const)
      expect(await clientWith({ lookup }).get(`http://localhost:${origin.port}/ok`).text()).toBe("ok");
  });

  test("a name that nobody has", async () => {
    await expect(clientWith({}).get("http://no-such-host.invalid/")).rejects.toMatchObject({
      code: "DNS_FAILED",
      message: expect.stringContaining("no-such-host.invalid"),
    });
  });
});

describe("a host with several addresses", () => {
  test("all are tried, the first that answers is taken", async () => {
    await using origin = await originServer();
    const client = clientWith({ lookup: answering("127.0.0.2", "::1", "127.0.0.1") });
    // Nobody listens at the first two.
    expect(await client.get(`http://skein.test:${origin.port}/ok`).text()).toBe("ok");
  });

  test("none answers: the error names the first, and counts the others; they are looked up anew", async () => {
    const lookup = answering("127.0.0.2", "127.0.0.3");
    const client = clientWith({ lookup });
    for (let i = 1; i <= 2; i++) {
      await expect(client.get("http://skein.test:9/")).rejects.toThrow(
        /connection refused by 127\.0\.0\.2:9; 1 more address failed, too/,
      );
      expect(lookup.asked).toHaveLength(i);
    }
  });

  test("one that is silent is not waited for: the next is tried beside it", async () => {
    await using origin = await originServer();
    await blackhole(origin.port, "127.0.0.2");
    const client = clientWith({ lookup: answering("127.0.0.2", "127.0.0.1"), timeout: { connect: "5s" } });
    const response = await client.get(`http://skein.test:${origin.port}/ok`);
    expect(response.text()).toBe("ok");
    const alone = clientWith({ lookup: answering("127.0.0.2"), timeout: { connect: "300ms" } });
    await expect(alone.get(`http://skein.test:${origin.port}/ok`)).rejects.toMatchObject({
      code: "CONNECT_TIMEOUT",
    });
  });
});

describe("localAddress", () => {
  test("is where connections come from", async () => {
    await using origin = await originServer({
      routes: { from: ({ request, response }) => void response.end(request.socket.remoteAddress) },
    });
    const client = clientWith({ localAddress: "127.0.0.9" });
    expect(await client.get(`${origin.url}/from`).text()).toBe("127.0.0.9");
  });

  test("one that is none, or of the other family, is refused", async () => {
    expect(() => new Client({ localAddress: "eth0" })).toThrow(/localAddress: expected an IP address/);
    const client = clientWith({ localAddress: "127.0.0.9" });
    await expect(client.get("http://[::1]:9/")).rejects.toThrow(/no address of the family of localAddress/);
  });
});

test("socketPath: requests go to a socket of this machine, whatever their host", async () => {
  const folder = mkdtempSync(join(tmpdir(), "skein-socket-"));
  const path = join(folder, "daemon.sock");
  const server = createServer((request, response) => response.end(`${request.headers.host}${request.url}`));
  server.listen(path);
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const client = clientWith({ socketPath: path, baseUrl: "http://docker/v1.47" });
  expect(await client.get("/containers/json").text()).toBe("docker/v1.47/containers/json");
  expect(await client.get("/info").text()).toBe("docker/v1.47/info");
  await expect(clientWith({ socketPath: `${path}-not` }).get("http://docker/")).rejects.toMatchObject({
    code: "CONNECT_FAILED",
    requestSent: "none",
  });
});

describe("blockPrivateAddresses", () => {
  test.each([
    "http://127.0.0.1:9/",
    "http://localhost:9/",
    "http://0x7f.1:9/",
    "http://2130706433:9/",
    "http://[::1]:9/",
    "http://[::ffff:127.0.0.1]:9/",
    "http://[64:ff9b::a00:1]:9/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://0.0.0.0/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://224.0.0.1/",
  ])("%s is refused, and nothing is sent", async url => {
    await expect(clientWith({ blockPrivateAddresses: true, retry: 3 }).get(url)).rejects.toMatchObject({
      name: "ConnectError",
      code: "ADDRESS_BLOCKED",
      requestSent: "none",
      retryable: false,
      attempts: expect.objectContaining({ length: 1 }),
      message: expect.stringContaining("is a private or reserved address"),
    });
  });

  test("also where a name leads there, or a redirect, or a second answer of the name server's", async () => {
    await using origin = await originServer();
    const inside = `http://inside.test:${origin.port}/ok`;
    const blocked = { code: "ADDRESS_BLOCKED" };
    const guarded = { blockPrivateAddresses: { except: ["127.0.0.1"] } };
    await expect(
      clientWith({ ...guarded, lookup: answering("127.0.0.2") }).get(inside),
    ).rejects.toMatchObject(blocked);
    const to = encodeURIComponent(`http://127.0.0.2:${origin.port}/ok`);
    await expect(clientWith(guarded).get(`${origin.url}/redirect/302?to=${to}`)).rejects.toMatchObject(
      blocked,
    );
    expect(origin.requests.map(({ target }) => target)).toEqual([`/redirect/302?to=${to}`]);
    let answers = 0;
    const rebinding: Lookup = (_, __, callback) =>
      callback(null, answers++ === 0 ? "127.0.0.1" : "127.0.0.2");
    const client = clientWith({ ...guarded, lookup: rebinding, limits: { maxAge: 1 } });
    expect(await client.get(inside).text()).toBe("ok");
    await new Promise(resolve => setTimeout(resolve, 100));
    await expect(client.get(inside)).rejects.toMatchObject(blocked);
  });

  test("of several addresses the public ones are left", async () => {
    await using origin = await originServer();
    const client = clientWith({
      lookup: answering("127.0.0.2", "127.0.0.1"),
      blockPrivateAddresses: { except: ["127.0.0.1/32"] },
    });
    expect(await client.get(`http://skein.test:${origin.port}/ok`).text()).toBe("ok");
  });

  test("bad exceptions, and a socketPath beside it, are refused", () => {
    for (const range of ["nonsense", "10.0.0.0/33", "10.0.0.0/", "::/129"])
      expect(() => new Client({ blockPrivateAddresses: { except: [range] } })).toThrow(
        /blockPrivateAddresses\.except: expected an address or a range/,
      );
    expect(() => new Client({ blockPrivateAddresses: true, socketPath: "/x" })).toThrow(/socketPath/);
  });
});

test("what is wrong in these options is told where they are given", () => {
  expect(() => new Client({ lookup: "google" as never })).toThrow(
    /lookup: expected "system", "dns", or a function/,
  );
  expect(() => new Client({ socketPath: "" })).toThrow(/socketPath: expected/);
  expect(() => new Client().extend({ localAddress: "127.0.0.1" } as never)).toThrow(/localAddress/);
});

test("the port of a name server's answer is the URL's", async () => {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await expect(
    clientWith({ lookup: answering("127.0.0.1") }).get(`http://skein.test:${port}/`),
  ).rejects.toThrow(`connection refused by 127.0.0.1:${port}`);
});

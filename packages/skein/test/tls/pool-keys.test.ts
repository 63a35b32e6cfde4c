import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { expect, onTestFinished, proxyServer, test, testCertificates } from "@skein/testkit";
import { NETWORK_NAMES } from "../../src/client/options.ts";
import { Client, type ClientOptions, type NetworkOptions, type TlsOptions } from "../../src/entry/node.ts";
import { TLS_NAMES } from "../../src/runtime/node/sockets/tls/secure-context.ts";

const { ca, client, crl, expired, selfSigned, valid } = testCertificates();

/** SHA-256 of a public key, as a pin. */
function pinOf(file: string): string {
  const key = execFileSync("openssl", ["x509", "-in", file, "-noout", "-pubkey"]);
  const der = execFileSync("openssl", ["pkey", "-pubin", "-outform", "der"], { input: key });
  return execFileSync("openssl", ["dgst", "-sha256", "-binary"], { input: der }).toString("base64");
}

function pfx(passphrase: string): Buffer {
  const { certFile, keyFile } = client;
  const files = ["-in", certFile, "-inkey", keyFile, "-passout", `pass:${passphrase}`];
  return execFileSync("openssl", ["pkcs12", "-export", ...files]);
}

const own = { cert: client.cert, key: client.key };
const old = { maxVersion: "TLSv1.2" } as const;

/** Options that can be told apart by this field: all of them reach the server. A field without an entry does not compile. */
const TLS = {
  ca: [{ ca }, { ca: [ca, selfSigned.cert] }],
  cert: [own, { cert: valid.cert, key: valid.key }],
  key: [own],
  pfx: [{ pfx: pfx("a"), passphrase: "a" }],
  passphrase: [{ pfx: pfx("b"), passphrase: "b" }],
  verify: [{ verify: true }, { verify: false }],
  serverName: [{ serverName: "localhost" }, { serverName: "127.0.0.1" }],
  minVersion: [{ minVersion: "TLSv1.2" }, { minVersion: "TLSv1.3" }],
  maxVersion: [{ maxVersion: "TLSv1.2" }, { maxVersion: "TLSv1.3" }],
  ciphers: [
    { ...old, ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" },
    { ...old, ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" },
  ],
  pin: [{ pin: pinOf(valid.certFile) }, { pin: [pinOf(valid.certFile), pinOf(expired.certFile)] }],
  crl: [{ crl }],
  checkServerIdentity: [{ checkServerIdentity: () => undefined }, { checkServerIdentity: () => undefined }],
} satisfies { readonly [name in keyof Required<TlsOptions>]: readonly TlsOptions[] };

function network(facts: { proxies: readonly string[]; socketPath: string }) {
  return {
    lookup: [{ lookup: "system" }, { lookup: (_host, _options, callback) => callback(null, "127.0.0.1", 4) }],
    localAddress: [{ localAddress: "127.0.0.1" }, { localAddress: "127.0.0.2" }],
    proxy: [...facts.proxies.map(proxy => ({ proxy })), { proxy: null }],
    trustEnv: [{ trustEnv: true }, { trustEnv: false }],
    socketPath: [{ socketPath: facts.socketPath }],
    blockPrivateAddresses: [{ blockPrivateAddresses: { except: ["127.0.0.0/8", "::1"] } }],
    http1: [{ http1: true }, { http1: false, http2: true }],
    http2: [{ http2: true }, { http2: false, http1: true }],
  } satisfies { readonly [name in keyof Required<NetworkOptions>]: readonly NetworkOptions[] };
}

/** What each connection of a server has carried: who asked, and for which host; and who began with a session that was another's. */
class Carried {
  readonly clients = new Map<object, Set<string>>();
  readonly hosts = new Map<object, Set<string>>();
  readonly foreignSessions: string[] = [];
  readonly #known = new Set<string>();

  note({ stream, socket, headers }: Http2ServerRequest, by: string): void {
    const connection = stream?.session ?? socket;
    const secure = (stream?.session?.socket ?? socket) as TLSSocket;
    const host = headers[":authority"] ?? headers.host ?? "";
    if (!this.#known.has(`${by} ${host}`) && secure.isSessionReused()) this.foreignSessions.push(by);
    this.#known.add(`${by} ${host}`);
    for (const [map, value] of [
      [this.clients, by],
      [this.hosts, host],
    ] as const)
      map.set(connection, (map.get(connection) ?? new Set()).add(value));
  }
}

/** @param where a path; a port of its own where none is given */
async function serve(carried: Carried, where?: string): Promise<number> {
  const { cert, key } = valid;
  const wanted = { cert, key, allowHTTP1: true, requestCert: true, rejectUnauthorized: false };
  const server = createSecureServer(wanted, (request: Http2ServerRequest, response: Http2ServerResponse) => {
    carried.note(request, String(request.headers["x-client"]));
    response.end(request.httpVersion);
  });
  server.on("session", session => {
    session.on("error", () => {});
    onTestFinished(() => session.destroy());
  });
  server.on("secureConnection", socket => {
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
  });
  if (where === undefined) server.listen(0, "127.0.0.1");
  else server.listen(where);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return where === undefined ? (server.address() as AddressInfo).port : 0;
}

test("each option of a connection has its values here", () => {
  expect(Object.keys(TLS).sort()).toEqual([...TLS_NAMES].sort());
  expect(Object.keys(network({ proxies: [], socketPath: "" })).sort()).toEqual([...NETWORK_NAMES].sort());
});

test.each([false, true])(
  "requests that differ in any of them share no connection and no session, two that are equal in all neither (http2: %s)",
  async http2 => {
    const carried = new Carried();
    const port = await serve(carried);
    const socketPath = join(tmpdir(), `skein-pool-keys-${process.pid}-${http2}.sock`);
    await serve(carried, socketPath);
    const proxies = await Promise.all([proxyServer(), proxyServer()]);
    onTestFinished(async () => {
      await Promise.all(proxies.map(proxy => proxy.close()));
    });
    const variants: ClientOptions[] = [
      {},
      {},
      ...Object.values(TLS).flatMap(list => list.map(tls => ({ tls: { ca, ...tls } }))),
      ...Object.values(network({ proxies: proxies.map(({ url }) => url), socketPath })).flat(),
    ];
    const clients = variants.map(options => new Client({ http2, tls: { ca }, retry: false, ...options }));
    onTestFinished(() => {
      for (const client of clients) client.destroy();
    });
    const call = async (client: Client, i: number) => {
      const headers = { "x-client": String(i) };
      const versions = await Promise.all(
        [1, 2].map(() => client.get(`https://localhost:${port}/`, { headers }).text()),
      );
      expect(versions).toEqual(Array(2).fill((variants[i]!.http2 ?? http2) ? "2.0" : "1.1"));
    };
    // One after the other, so that each finds the connections of all before it idle; then all of them once more, at once.
    for (const [i, client] of clients.entries()) await call(client, i);
    await Promise.all(clients.map(call));
    expect([...carried.clients.values()].filter(by => by.size > 1)).toEqual([]);
    expect(new Set([...carried.clients.values()].flatMap(by => [...by])).size).toBe(variants.length);
    expect(carried.foreignSessions).toEqual([]);
  },
);

test.each([false, true])(
  "nor do two origins of one client, though one certificate is good for both (http2: %s)",
  async http2 => {
    const carried = new Carried();
    const ports = [await serve(carried), await serve(carried)];
    const client = new Client({ http2, tls: { ca }, retry: false });
    onTestFinished(() => client.destroy());
    const origins = ["localhost", "127.0.0.1"].flatMap(host => ports.map(port => `${host}:${port}`));
    for (let round = 0; round < 2; round++)
      for (const origin of origins) await client.get(`https://${origin}/`, { headers: { "x-client": "0" } });
    expect([...carried.hosts.values()].map(hosts => [...hosts].join(" ")).sort()).toEqual(origins.sort());
    expect(carried.foreignSessions).toEqual([]);
    // Other ways to write a host are the same one.
    await client.get(`https://LOCALHOST:${ports[0]}/`, { headers: { "x-client": "0" } });
    expect(carried.hosts.size).toBe(origins.length);
  },
);

test.each([...NETWORK_NAMES, "tls"])(
  "%s can't be another for a single call, nor for a client that shares",
  name => {
    const client = new Client();
    onTestFinished(() => client.destroy());
    const options = { [name]: name === "tls" ? { verify: false } : "x" } as object;
    expect(() => client.extend(options)).toThrow(`extend: "${name}" belongs to the connections`);
    return expect(client.get("https://127.0.0.1:1/", options)).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  },
);

import { execFile, execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import {
  describe,
  expect,
  onTestFinished,
  test,
  testCertificates,
  tlsOriginServer,
  vi,
} from "@skein/testkit";
import { Client, type ClientOptions } from "../../src/entry/node.ts";
import { runSkein } from "../run-skein.ts";

const certificates = testCertificates();
const { ca } = certificates;

function clientWith(tls: NonNullable<ClientOptions["tls"]>): Client {
  const client = new Client({ tls, retry: false, timeout: "5s" });
  onTestFinished(() => client.destroy());
  return client;
}

function pinOf(certificate: string, encoding: "base64" | "hex" = "base64"): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest(encoding);
}

describe("a certificate of the client's", () => {
  const asking = {
    requestCert: true,
    rejectUnauthorized: true,
    ca,
  };
  const whoami = ({
    request,
    response,
  }: {
    request: { socket: unknown };
    response: { end(text: string): void };
  }) => response.end(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN));

  test("is shown to a server that asks for it", async () => {
    await using origin = await tlsOriginServer({ tls: asking, routes: { whoami } });
    const { cert, key } = certificates.client;
    expect(await clientWith({ ca, cert, key }).get(`${origin.url}/whoami`).text()).toBe("Skein test client");
  });

  test("that is missing, or of nobody the server knows, is a TLS error", async () => {
    await using origin = await tlsOriginServer({ tls: asking });
    const { cert, key } = certificates.untrusted;
    for (const own of [{}, { cert, key }])
      await expect(clientWith({ ca, ...own }).get(`${origin.url}/ok`)).rejects.toMatchObject({
        code: expect.stringMatching(/^(TLS_FAILED|CONNECTION_RESET|CONNECTION_CLOSED)$/),
      });
    expect(origin.requestCount).toBe(0);
  });

  test("on the command line: --cert and --key", async () => {
    await using origin = await tlsOriginServer({ tls: asking, routes: { whoami } });
    const { certFile, keyFile } = certificates.client;
    const url = `${origin.url}/whoami`;
    const flags = ["--cacert", certificates.caFile, "--cert", certFile, "--key", keyFile];
    expect((await runSkein(["get", url, ...flags])).stdout).toBe("Skein test client");
    const missing = await runSkein(["get", url, "--cert", "/no/such.pem", "--key", keyFile]);
    expect(missing).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("--cert: can't read /no/such.pem"),
    });
    const alone = await runSkein(["get", url, "--key", keyFile]);
    expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining("--cert") });
  });
});

describe("pin", () => {
  const right = pinOf(certificates.valid.cert);
  const wrong = pinOf(certificates.expired.cert);

  test.each([
    ["sha256/…", `sha256/${right}`],
    ["curl's sha256//…", `sha256//${right}`],
    ["bare base64", right],
    ["hexadecimal digits", pinOf(certificates.valid.cert, "hex").toUpperCase()],
    ["one of several", [wrong, right]],
  ])("%s: the key that it names is accepted", async (_, pin) => {
    await using origin = await tlsOriginServer();
    expect(await clientWith({ ca, pin }).get(`${origin.url}/ok`).text()).toBe("ok");
  });

  test.each([true, false])("another key is refused, and told (verify: %s)", async verify => {
    await using origin = await tlsOriginServer();
    const client = clientWith({ ca, pin: wrong, verify });
    await expect(client.get(`${origin.url}/ok`)).rejects.toThrow(
      `is refused: its public key (sha256/${right}) is none of those in tls.pin`,
    );
    expect(origin.requestCount).toBe(0);
  });
});

describe("sessions", () => {
  /** Answers whether its connection went on with an earlier session, and closes it. */
  const reused = ({ request, response }: { request: { socket: unknown }; response: ServerResponse }) => {
    response.setHeader("connection", "close");
    response.end(String((request.socket as TLSSocket).isSessionReused()));
  };

  test.each(["TLSv1.2", "TLSv1.3"] as const)("are gone on with, and checked each time: %s", async version => {
    await using origin = await tlsOriginServer({
      routes: { reused },
      tls: { minVersion: version, maxVersion: version },
    });
    const seen: string[] = [];
    let refusal: Error | undefined;
    const client = clientWith({
      ca,
      pin: pinOf(certificates.valid.cert),
      checkServerIdentity(host, { subjectaltname, subject }) {
        seen.push(`${host} ${subject.CN} ${subjectaltname?.includes("DNS:localhost")}`);
        return refusal;
      },
    });
    const get = () => client.get(`${origin.url}/reused`).text();
    expect(await get()).toBe("false");
    expect(await get()).toBe("true");
    expect(seen).toEqual(Array(2).fill("127.0.0.1 Skein test valid true"));
    refusal = new Error("not today");
    await expect(get()).rejects.toThrow("is refused: tls.checkServerIdentity: not today");
    refusal = undefined;
    // What was refused is not gone on with.
    expect(await get()).toBe("false");
  });

  test("are not gone on with when the certificate has expired since they began", async () => {
    await using origin = await tlsOriginServer({ routes: { reused } });
    const client = clientWith({ ca });
    const get = () => client.get(`${origin.url}/reused`).text();
    expect([await get(), await get()]).toEqual(["false", "true"]);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31 * 24 * 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    // (OpenSSL has a clock of its own, and accepts it once more.)
    expect(await get()).toBe("false");
  });

  test("another client's are not", async () => {
    await using origin = await tlsOriginServer({ routes: { reused } });
    for (let i = 0; i < 2; i++)
      expect(await clientWith({ ca }).get(`${origin.url}/reused`).text()).toBe("false");
  });
});

describe("versions and ciphers", () => {
  const protocol = ({ request, response }: { request: { socket: unknown }; response: ServerResponse }) =>
    void response.end((request.socket as TLSSocket).getProtocol() ?? "");

  test("maxVersion, minVersion", async () => {
    await using origin = await tlsOriginServer({ routes: { protocol } });
    const url = `${origin.url}/protocol`;
    expect(await clientWith({ ca }).get(url).text()).toBe("TLSv1.3");
    expect(await clientWith({ ca, maxVersion: "TLSv1.2" }).get(url).text()).toBe("TLSv1.2");
    await using old = await tlsOriginServer({ tls: { maxVersion: "TLSv1.2" } });
    await expect(clientWith({ ca, minVersion: "TLSv1.3" }).get(`${old.url}/ok`)).rejects.toMatchObject({
      code: "TLS_FAILED",
    });
  });

  test("TLS 1.1 is refused, unless it is asked for", async () => {
    const tls = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" } as const;
    await using origin = await tlsOriginServer({ tls, routes: { protocol } });
    await expect(clientWith({ ca }).get(`${origin.url}/ok`)).rejects.toMatchObject({ code: "TLS_FAILED" });
    const client = clientWith({ ca, minVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" });
    expect(await client.get(`${origin.url}/protocol`).text()).toBe("TLSv1.1");
  });

  test("ciphers", async () => {
    const cipher = ({ request, response }: { request: { socket: unknown }; response: ServerResponse }) =>
      void response.end((request.socket as TLSSocket).getCipher().name);
    await using origin = await tlsOriginServer({ routes: { cipher } });
    const ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
    expect(await clientWith({ ca, ciphers, maxVersion: "TLSv1.2" }).get(`${origin.url}/cipher`).text()).toBe(
      ciphers,
    );
  });
});

test.each<[string, NonNullable<ClientOptions["tls"]>]>([
  ["tls.ca", { ca: "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----" }],
  ["tls.cert", { cert: "nonsense" }],
  ["tls.key", { key: "nonsense" }],
  ["tls.key", { cert: certificates.client.cert, key: certificates.valid.key }],
  ["tls.pfx", { pfx: new Uint8Array(10) }],
  ["tls.crl", { crl: "nonsense" }],
  ["tls.ciphers", { ciphers: "NO-SUCH-CIPHER" }],
  ["tls.maxVersion", { maxVersion: "TLSv9" as never }],
  ["tls.minVersion", { minVersion: "TLSv1.3", maxVersion: "TLSv1.2" }],
  ["tls.pin", { pin: "abc" }],
  ["tls.pin", { pin: [1 as never] }],
  ["tls.serverName", { serverName: "a b" }],
  ["tls.serverName", { serverName: "https://a.test" }],
  ["tls.verify", { verify: "no" as never }],
  ["tls.checkServerIdentity", { checkServerIdentity: {} as never }],
  ["pins", { pins: "abc" } as never],
  ["tls.alpn: which protocols servers may choose from is said by http1 and http2", { alpn: ["h2"] } as never],
])("%s is refused where it makes no sense: %j", (name, tls) => {
  expect(() => new Client({ tls })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(name) }),
  );
});

test("pfx, with its passphrase", async () => {
  const folder = mkdtempSync(join(tmpdir(), "skein-pfx-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "client.p12");
  const { certFile, keyFile } = certificates.client;
  const pack = [
    "pkcs12",
    "-export",
    "-in",
    certFile,
    "-inkey",
    keyFile,
    "-out",
    file,
    "-passout",
    "pass:open",
  ];
  execFileSync("openssl", pack);
  const pfx = readFileSync(file);
  await using origin = await tlsOriginServer({ tls: { requestCert: true, rejectUnauthorized: true, ca } });
  expect(await clientWith({ ca, pfx, passphrase: "open" }).get(`${origin.url}/ok`).text()).toBe("ok");
  expect(() => new Client({ tls: { pfx, passphrase: "wrong" } })).toThrow(/tls\.pfx/);
});

describe("the environment", () => {
  /** A program that calls the URL with a client of default options, and prints what became of it. */
  const PROGRAM = `
    import { Client } from ${JSON.stringify(new URL("../../src/entry/node.ts", import.meta.url).href)};
    const client = new Client({ retry: false });
    for (let i = 0; i < 2; i++)
      await client.get(process.argv[1]).text().then(text => console.log(text), error => console.log(error.code));
    client.destroy();`;

  function run(url: string, env: Record<string, string | undefined>): Promise<string> {
    return new Promise((resolve, reject) => {
      const clean = { NODE_EXTRA_CA_CERTS: undefined, SSL_CERT_FILE: undefined, SSL_CERT_DIR: undefined };
      const args = ["--input-type=module", "--eval", PROGRAM, url];
      execFile(process.execPath, args, { env: { ...process.env, ...clean, ...env } }, (error, stdout) =>
        error ? reject(error) : resolve(stdout.trim()),
      );
    });
  }

  test("SSL_CERT_FILE and NODE_EXTRA_CA_CERTS name authorities; without them they are not known", async () => {
    await using origin = await tlsOriginServer();
    const url = `${origin.url}/ok`;
    expect(await run(url, {})).toBe("CERTIFICATE_INVALID\nCERTIFICATE_INVALID");
    expect(await run(url, { SSL_CERT_FILE: certificates.caFile, SSL_CERT_DIR: "" })).toBe("ok\nok");
    expect(await run(url, { NODE_EXTRA_CA_CERTS: certificates.caFile })).toBe("ok\nok");
  });

  test("SSLKEYLOGFILE: the secrets of each connection, in a file that nobody else can read", async () => {
    await using origin = await tlsOriginServer();
    const folder = mkdtempSync(join(tmpdir(), "skein-keys-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "keys.log");
    await run(`${origin.url}/ok`, { NODE_EXTRA_CA_CERTS: certificates.caFile, SSLKEYLOGFILE: file });
    expect(readFileSync(file, "utf8")).toMatch(/^CLIENT_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} [0-9a-f]+$/m);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe("a server that", () => {
  test("never ends the handshake: the connect timeout ends it", async () => {
    const server = createServer(socket => socket.on("error", () => {})).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const client = new Client({ retry: false, timeout: { connect: "300ms" } });
    await expect(client.get(`https://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
    client.destroy();
  });
});

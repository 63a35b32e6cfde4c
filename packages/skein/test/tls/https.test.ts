import { afterAll, describe, expect, test, testCertificates, tlsOriginServer } from "@skein/testkit";
import { Client } from "../../src/entry/node.ts";

const { ca } = testCertificates();
const clients: Client[] = [];
function clientWith(tls?: { ca?: string; verify?: boolean }): Client {
  const client = new Client({ retry: false, timeout: "5s", ...(tls === undefined ? {} : { tls }) });
  clients.push(client);
  return client;
}
afterAll(() => {
  for (const client of clients) client.destroy();
});

describe("https", () => {
  test("with an authority that we trust, and the connection is kept", async () => {
    await using origin = await tlsOriginServer();
    const client = clientWith({ ca });
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
    expect((await client.get(`${origin.url}/bytes/300000`)).bytes()).toHaveLength(300_000);
    expect(origin.connections).toBe(1);
    expect(await client.get(`${origin.url.replace("127.0.0.1", "localhost")}/ok`).text()).toBe("ok");
  });

  test.each([
    ["valid", undefined, /issuer is unknown/],
    ["expired", ca, /it has expired/],
    ["wrongHost", ca, /wrong host, it is for somewhere-else\.test/],
    ["selfSigned", ca, /self-signed/],
  ] as const)(
    "a certificate that is %s (authority given: %s) is refused, with the reason",
    async (certificate, authority, reason) => {
      await using origin = await tlsOriginServer({ certificate });
      const client = clientWith(authority === undefined ? undefined : { ca: authority });
      const error = await client.get(`${origin.url}/ok`).then(
        response => expect.unreachable(String(response)),
        e => e,
      );
      expect(error).toMatchObject({
        name: "CertificateError",
        code: "CERTIFICATE_INVALID",
        phase: "tls",
        requestSent: "none",
      });
      expect(error.message).toMatch(reason);
      expect(error.message).not.toMatch(/verify|insecure/i);
      expect(origin.requestCount).toBe(0);
    },
  );

  test.each(["expired", "wrongHost", "selfSigned"] as const)(
    "verify: false accepts one that is %s",
    async certificate => {
      await using origin = await tlsOriginServer({ certificate });
      expect(await clientWith({ verify: false }).get(`${origin.url}/ok`).text()).toBe("ok");
    },
  );

  test("a server that speaks plain HTTP is a TLS error, not a hang", async () => {
    const { originServer } = await import("@skein/testkit");
    await using origin = await originServer();
    await expect(clientWith().get(`${origin.url.replace("http:", "https:")}/ok`)).rejects.toMatchObject({
      code: "TLS_FAILED",
      message: expect.stringContaining(
        "does not speak it (wrong version number); for plain HTTP, write http://",
      ),
    });
  });
});

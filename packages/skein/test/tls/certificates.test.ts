import {
  describe,
  expect,
  originServer,
  proxyServer,
  test,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { CertificateError, Client, type SkeinError } from "../../src/entry/node.ts";
import { CASES, type Case, expectOutcome, outcome, shownBy, startProxy } from "./certificate-cases.ts";

const certificates = testCertificates();
const { ca } = certificates;

function serverOf(facts: Case) {
  return tlsOriginServer({ tls: shownBy(facts) });
}

describe.each(Object.keys(CASES))("a certificate %s", name => {
  const facts = CASES[name]!;
  const { host = "localhost", tls = { ca } } = facts;
  const at = (url: string) => url.replace("127.0.0.1", host);

  test("called, and called again", async () => {
    await using origin = await serverOf(facts);
    await using client = new Client({ tls, retry: false });
    expectOutcome(await outcome(client, `${at(origin.url)}/ok`), facts);
    expectOutcome(await outcome(client, `${at(origin.url)}/ok`), facts);
    if (facts.refused) expect(origin.requestCount).toBe(0);
  });

  test("where a redirect leads, and with retries", async () => {
    await using origin = await serverOf(facts);
    await using plain = await originServer();
    await using client = new Client({ tls, retry: 2 });
    const to = encodeURIComponent(`${at(origin.url)}/ok`);
    const result = await outcome(client, `${plain.url}/redirect/302?to=${to}`);
    expectOutcome(result, facts);
    // A certificate does not get better by being looked at again.
    const failed =
      facts.refused && (result as SkeinError).attempts.filter(({ error }) => error !== undefined);
    if (failed) expect(failed).toHaveLength(1);
  });

  test("in a batch", async () => {
    await using origin = await serverOf(facts);
    await using client = new Client({ tls });
    const urls = Array.from({ length: 5 }, (_, i) => `${at(origin.url)}/ok?i=${i}`);
    for await (const task of client.batch(urls))
      expectOutcome(task.state === "succeeded" ? task.response.text() : (task.error as SkeinError), facts);
  });

  test.each(["http", "https", "socks5", "socks5h"])("through a proxy of kind %s, twice", async kind => {
    await using origin = await serverOf(facts);
    const proxy = await startProxy(kind);
    await using client = new Client({ tls, retry: 2, proxy: proxy.settings });
    for (let i = 0; i < 2; i++) expectOutcome(await outcome(client, `${at(origin.url)}/ok`), facts);
    expect(proxy.server.connections).toBeGreaterThan(0);
    if (facts.refused) expect(origin.requestCount).toBe(0);
  });

  test("verify: false accepts it", async () => {
    await using origin = await serverOf(facts);
    await using client = new Client({ tls: { ...tls, verify: false }, retry: false });
    expect(await client.get(`${at(origin.url)}/ok`).text()).toBe("ok");
  });
});

test("a client that trusts anyone shares nothing with one that does not", async () => {
  await using origin = await tlsOriginServer({ certificate: "selfSigned" });
  await using anyone = new Client({ tls: { verify: false } });
  expect(await anyone.get(`${origin.url}/ok`).text()).toBe("ok");
  await using careful = new Client({ tls: { ca }, retry: false });
  await expect(careful.get(`${origin.url}/ok`)).rejects.toBeInstanceOf(CertificateError);
});

test.each(["expired", "wrongHost", "selfSigned", "untrusted", "client"] as const)(
  "a proxy whose own certificate is %s is refused: before it hears of the request, and whatever servers are trusted",
  async certificate => {
    await using origin = await originServer();
    await using secure = await tlsOriginServer();
    await using proxy = await proxyServer({ certificate, auth: "me:pw" });
    const url = proxy.url.replace("//", "//me:pw@");
    await using client = new Client({ tls: { ca, verify: false }, retry: 2, proxy: { url, tls: { ca } } });
    for (const at of [origin.url, secure.url]) {
      const error = (await outcome(client, `${at}/ok`)) as SkeinError;
      expect(error).toBeInstanceOf(CertificateError);
      expect(error).toMatchObject({ code: "CERTIFICATE_INVALID", requestSent: "none", retryable: false });
      expect(error.message).toContain(
        `the proxy ${proxy.url}: the certificate of 127.0.0.1:${proxy.port} is refused`,
      );
      expect(error.message).not.toContain("me:pw");
    }
    expect(proxy.received.join("")).toBe("");
    await using trusting = new Client({ tls: { ca }, proxy: { url, tls: { verify: false } } });
    expect(await outcome(trusting, `${secure.url}/ok`)).toBe("ok");
  },
);

test("the options of servers are not those of the proxy: neither trust nor a client's certificate goes there", async () => {
  await using origin = await tlsOriginServer();
  await using proxy = await proxyServer({ certificate: "valid" });
  const { cert, key } = certificates.client;
  await using client = new Client({
    tls: { ca, cert, key, serverName: "localhost" },
    retry: false,
    proxy: proxy.url,
  });
  expect(await outcome(client, `${origin.url}/ok`)).toBeInstanceOf(CertificateError);
  expect(proxy.received.join("")).toBe("");
});

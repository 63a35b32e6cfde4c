import { X509Certificate } from "node:crypto";
import { get } from "node:https";
import { expect, onTestFinished, test, testCertificates, tlsOriginServer } from "./index.ts";
import type { CertificateKind } from "./servers.ts";

/** The status, or the code of the error. */
function statusOf(
  url: string,
  options: { ca?: string; rejectUnauthorized?: boolean },
): Promise<number | string> {
  return new Promise(resolve => {
    get(url, { ...options, agent: false }, response => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

const outcomes: [CertificateKind, number | string][] = [
  ["valid", 200],
  ["expired", "CERT_HAS_EXPIRED"],
  ["wrongHost", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["selfSigned", "DEPTH_ZERO_SELF_SIGNED_CERT"],
];

test.each(outcomes)("a %s certificate: %s", async (certificate, outcome) => {
  const origin = await tlsOriginServer({ certificate });
  onTestFinished(() => origin.close());
  const { ca } = testCertificates();
  expect(await statusOf(`${origin.url}/ok`, { ca })).toBe(outcome);
  expect(await statusOf(`${origin.url}/ok`, { rejectUnauthorized: false })).toBe(200);
  expect(origin.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
});

test("who does not trust our authority refuses the valid certificate", async () => {
  const origin = await tlsOriginServer();
  onTestFinished(() => origin.close());
  expect(await statusOf(`${origin.url}/ok`, {})).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
});

test("certificates are made once", () => {
  const first = testCertificates();
  expect(testCertificates()).toBe(first);
  expect(new X509Certificate(first.valid.cert).subjectAltName).toBe(
    "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
  );
  expect(new X509Certificate(first.valid.cert).checkIssued(new X509Certificate(first.ca))).toBe(true);
});

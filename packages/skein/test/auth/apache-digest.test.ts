import { createHash } from "node:crypto";
import { apacheServer, beforeAll, describe, expect, type ServerProcess, test } from "@skein/testkit";
import { Client, DigestAuth } from "../../src/entry/node.ts";

/** Digest as Apache's mod_auth_digest understands it: a second opinion on what our own tests say. */

let apache: ServerProcess;

const REALM = "Vögel, and others";
const [USER, PASSWORD] = ["mina", "Kranich: 7"];
const secret = createHash("md5").update(`${USER}:${REALM}:${PASSWORD}`).digest("hex");

beforeAll(async () => {
  apache = await apacheServer({
    modules: ["auth_digest", "authn_file", "authz_user"],
    files: {
      passwords: `${USER}:${REALM}:${secret}\n`,
      "www/birds.txt": "geese and cranes",
      "www/swift.txt": "a swift",
    },
    directives: ({ directory }) => `
      <Location "/">
        AuthType Digest
        AuthName "${REALM}"
        AuthDigestProvider file
        AuthDigestDomain /
        AuthUserFile ${JSON.stringify(`${directory}/passwords`)}
        Require valid-user
      </Location>
      <Location "/swift.txt">
        AuthDigestNonceLifetime 1
      </Location>`,
  });
  return () => apache.close();
});

describe("Digest with Apache", () => {
  const clientOf = (password: string) =>
    new Client({ auth: new DigestAuth(USER, password), retry: false, limits: { maxConnections: 1 } });

  test("is let in, at once for what follows, and with a query, which is part of what is signed", async () => {
    await using client = clientOf(PASSWORD);
    const first = await client.get(`${apache.url}/birds.txt`);
    expect([first.status, first.text()]).toEqual([200, "geese and cranes"]);
    const second = await client.get(`${apache.url}/birds.txt?page=2&sort=a%20b`);
    expect([second.status, second.request.headers.get("authorization")]).toEqual([
      200,
      expect.stringContaining("nc=00000002"),
    ]);
  });

  test("the nonce that Apache names next is used next; one that has gone stale is replaced", async () => {
    await using client = clientOf(PASSWORD);
    const nonceOf = async () => {
      const { status, request } = await client.get(`${apache.url}/swift.txt`);
      expect(status).toBe(200);
      const sent = request.headers.get("authorization")!;
      expect(sent).toContain("nc=00000001");
      return /nonce="([^"]+)"/.exec(sent)![1];
    };
    // With so short a lifetime, each answer names the next one.
    const nonces = [await nonceOf(), await nonceOf()];
    await new Promise(resolve => setTimeout(resolve, 1_600));
    nonces.push(await nonceOf());
    expect(new Set(nonces).size).toBe(3);
  });

  test("a wrong password is refused", async () => {
    await using client = clientOf("Gans");
    expect((await client.get(`${apache.url}/birds.txt`)).status).toBe(401);
  });

  test("so is the digest of another URL, which shows that Apache looks", async () => {
    await using client = clientOf(PASSWORD);
    const { request } = await client.get(`${apache.url}/birds.txt`);
    await using plain = new Client();
    const headers = { authorization: request.headers.get("authorization")! };
    expect((await plain.get(`${apache.url}/other.txt`, { headers })).status).toBe(400);
  });
});

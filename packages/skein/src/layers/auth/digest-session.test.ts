import { describe, expect, test } from "@skein/testkit";
import { nodeHash } from "../../runtime/node/node-hash.ts";
import { parseChallenges } from "./challenges.ts";
import { chooseDigest, DigestSession } from "./digest-session.ts";

interface Facts {
  username?: string;
  password?: string;
  challenge: string;
  cnonce: string;
}

function sessionOf({ username = "Mufasa", password = "Circle of Life", challenge, cnonce }: Facts) {
  const chosen = chooseDigest(parseChallenges(challenge));
  if (chosen === undefined) throw new Error("no challenge that can be answered");
  return new DigestSession({ username, password }, chosen, { cnonce, hash: nodeHash });
}

describe("RFC 7616 §3.9.1: both challenges of the example", () => {
  const common =
    'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
  const cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

  test.each([
    ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
    ["SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
  ])("%s: %s", async (algorithm, response) => {
    const session = sessionOf({ challenge: `Digest ${common}, algorithm=${algorithm}`, cnonce });
    expect(await session.authorize("GET", "/dir/index.html")).toBe(
      `Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="${cnonce}", qop=auth, response="${response}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
    );
    expect(await session.authorize("GET", "/dir/index.html")).toContain("nc=00000002");
  });

  test("the first that we know is answered, whatever stands before it", () => {
    const field = `Digest ${common}, algorithm=SHA3-512, Basic realm="x", Digest ${common}, algorithm=SHA-256, Digest ${common}`;
    expect(chooseDigest(parseChallenges(field))?.hash).toBe("sha-256");
    expect(chooseDigest(parseChallenges('Digest realm="r", nonce="n", qop="auth-int"'))).toBeUndefined();
    expect(chooseDigest(parseChallenges('Digest nonce="n", Digest realm="r"'))).toBeUndefined();
  });
});

test("RFC 7616 §3.9.2: SHA-512-256 with a hashed name, in UTF-8 (with the sums of its erratum 4897)", async () => {
  const session = sessionOf({
    username: "Jäsøn Doe",
    password: "Secret, or not?",
    challenge:
      'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true',
    cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
  });
  const field = await session.authorize("GET", "/doe.json");
  expect(field).toContain('username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"');
  expect(field).toContain('response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"');
  expect(field).toContain("userhash=true");
});

test("RFC 2617 §3.5, and RFC 2069 where no qop is offered (the example of its erratum 749)", async () => {
  const common =
    'realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
  const facts = { password: "Circle Of Life", cnonce: "0a4f113b" };
  const newer = sessionOf({ ...facts, challenge: `Digest ${common}, qop="auth,auth-int"` });
  const field = await newer.authorize("GET", "/dir/index.html");
  expect(field).toContain('response="6629fae49393a05397450978507c4ef1"');
  expect(field).not.toContain("algorithm");
  const older = sessionOf({
    ...facts,
    password: "CircleOfLife",
    challenge: `Digest ${common}`,
  });
  const oldField = await older.authorize("GET", "/dir/index.html");
  expect(oldField).toContain('response="1949323746fe6a43ef61f9606e7febea"');
  expect(oldField).not.toMatch(/qop|nc=|cnonce/);
});

test("-sess: the secret is made once, with the first nonces, and outlives them", async () => {
  const hash = async (text: string) => nodeHash("md5", Buffer.from(text, "latin1"));
  const session = sessionOf({
    challenge: 'Digest realm="r", nonce="n1", qop=auth, algorithm=MD5-sess',
    cnonce: "c",
  });
  const ha1 = await hash(`${await hash("Mufasa:r:Circle of Life")}:n1:c`);
  const ha2 = await hash("GET:/");
  expect(await session.authorize("GET", "/")).toContain(
    `"${await hash(`${ha1}:n1:00000001:c:auth:${ha2}`)}"`,
  );
  session.useNonce("n2");
  expect(await session.authorize("GET", "/")).toContain(
    `"${await hash(`${ha1}:n2:00000001:c:auth:${ha2}`)}"`,
  );
});

test("what a quoted string holds is escaped; what it can't hold is sent encoded", async () => {
  const challenge = 'Digest realm="a \\"b\\" \\\\c", nonce="n"';
  const quoted = sessionOf({ username: 'back\\slash "q"', challenge, cnonce: "c" });
  expect(await quoted.authorize("GET", "/")).toMatch(
    /^Digest username="back\\\\slash \\"q\\"", realm="a \\"b\\" \\\\c", /,
  );
  const encoded = sessionOf({ username: "Jäsøn (Doe)", challenge, cnonce: "c" });
  expect(await encoded.authorize("GET", "/")).toMatch(
    /^Digest username\*=UTF-8''J%C3%A4s%C3%B8n%20%28Doe%29, /,
  );
});

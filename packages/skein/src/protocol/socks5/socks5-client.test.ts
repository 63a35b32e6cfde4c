import { describe, expect, test } from "@skein/testkit";
import { Socks5Client, type SocksStep } from "./socks5-client.ts";

const ascii = (text: string) => Uint8Array.from(text, character => character.charCodeAt(0));
const credentials = { username: ascii("me"), password: ascii("secret") };

/** Feeds the proxy's bytes in pieces, each part of the talk after our own, and tells what we sent and how it ended. */
function talk(client: Socks5Client, parts: readonly number[][], size: number) {
  const sent = [Array.from(client.greeting())];
  let last: SocksStep | undefined;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += size) {
      const step = client.receive(Uint8Array.from(part.slice(at, at + size)));
      if (step?.kind === "send") sent.push(Array.from(step.bytes));
      else if (step !== undefined) last = step;
    }
  }
  return { sent, last };
}

describe.each([1, 2, 3, 5, 100])("SOCKS 5, its answers in pieces of %i bytes", size => {
  test("a name, without credentials", () => {
    const client = new Socks5Client({ host: "a.test", port: 8080 });
    const { sent, last } = talk(
      client,
      [
        [5, 0],
        [5, 0, 0, 1, 10, 0, 0, 1, 31, 144],
      ],
      size,
    );
    expect(sent).toEqual([
      [5, 1, 0],
      [5, 1, 0, 3, 6, ...ascii("a.test"), 31, 144],
    ]);
    expect(last).toMatchObject({ kind: "open", early: new Uint8Array(0) });
  });

  test("addresses, with credentials", () => {
    const [four, six] = [Uint8Array.of(10, 0, 0, 1), Uint8Array.from({ length: 16 }, (_, i) => i)];
    for (const [host, type] of [
      [four, 1],
      [six, 4],
    ] as const) {
      const client = new Socks5Client({ host, port: 443 }, credentials);
      const { sent, last } = talk(
        client,
        [
          [5, 2],
          [1, 0],
          [5, 0, 0, 3, 1, 97, 0, 0],
        ],
        size,
      );
      expect(sent).toEqual([
        [5, 2, 0, 2],
        [1, 2, ...ascii("me"), 6, ...ascii("secret")],
        [5, 1, 0, type, ...host, 1, 187],
      ]);
      expect(last?.kind).toBe("open");
    }
  });

  test("credentials that are refused, or not asked for", () => {
    const refused = talk(
      new Socks5Client({ host: "a", port: 1 }, credentials),
      [
        [5, 2],
        [1, 1],
      ],
      size,
    );
    expect(refused.last).toMatchObject({ kind: "refused", why: "credentials" });
    const unasked = talk(new Socks5Client({ host: "a", port: 1 }, credentials), [[5, 0]], size);
    expect(unasked.sent[1]).toEqual([5, 1, 0, 3, 1, 97, 0, 1]);
  });
});

test("what follows the reply is handed on, wherever it was cut", () => {
  const reply = [5, 0, 0, 1, 1, 2, 3, 4, 0, 80, 72, 73];
  for (let cut = 10; cut <= reply.length; cut++) {
    const client = new Socks5Client({ host: "a", port: 1 });
    client.receive(Uint8Array.of(5, 0));
    expect(client.receive(Uint8Array.from(reply.slice(0, cut)))).toEqual({
      kind: "open",
      early: Uint8Array.from(reply.slice(10, cut)),
    });
  }
});

test("a name must fit into its length", () => {
  for (const length of [0, 256]) {
    const client = new Socks5Client({ host: "a".repeat(length), port: 1 });
    expect(client.receive(Uint8Array.of(5, 0))).toMatchObject({ kind: "refused", why: "never" });
  }
  const longest = new Socks5Client({ host: "a".repeat(255), port: 1 });
  expect(longest.receive(Uint8Array.of(5, 0))?.kind).toBe("send");
});

import { describe, expect, test } from "@skein/testkit";
import type { RequestBody } from "../../core/body.ts";
import { BodyNotReplayable, InvalidOption } from "../../core/errors.ts";
import { encodeMultipart } from "./multipart-body.ts";
import type { Multipart } from "./parts.ts";

async function sent(body: RequestBody): Promise<Uint8Array> {
  const opened = body.open();
  if (opened instanceof Uint8Array) return opened;
  const chunks: Uint8Array[] = [];
  for await (const chunk of opened) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function encode(multipart: Multipart, boundary = "B") {
  return encodeMultipart(multipart, { files: undefined, type: null, boundary: () => boundary });
}

async function textOf(multipart: Multipart): Promise<string> {
  return Buffer.from(await sent(encode(multipart).body)).toString("utf8");
}

async function* streamed(...chunks: string[]) {
  yield* chunks;
}

describe("the bytes", () => {
  test("of text, bytes and a file", async () => {
    const { body, type } = encode([
      ["title", "Grüße"],
      ["count", 3],
      ["data", new Uint8Array([1, 2, 3])],
      ["doc", new File(["{}"], "a.json", { type: "application/json" })],
    ]);
    const bytes = await sent(body);
    expect(type).toBe("multipart/form-data; boundary=B");
    expect(Buffer.from(bytes).toString("utf8")).toBe(
      '--B\r\nContent-Disposition: form-data; name="title"\r\n\r\nGrüße\r\n' +
        '--B\r\nContent-Disposition: form-data; name="count"\r\n\r\n3\r\n' +
        '--B\r\nContent-Disposition: form-data; name="data"; filename="blob"\r\n' +
        "Content-Type: application/octet-stream\r\n\r\n\x01\x02\x03\r\n" +
        '--B\r\nContent-Disposition: form-data; name="doc"; filename="a.json"\r\n' +
        "Content-Type: application/json\r\n\r\n{}\r\n" +
        "--B--\r\n",
    );
    expect(body.length).toBe(bytes.length);
  });

  test("of no part at all are the closing delimiter", async () => {
    expect(await textOf({})).toBe("--B--\r\n");
  });

  test("of a FormData are those that the runtime's own encoder makes", async () => {
    const form = new FormData();
    form.append("text", "a\nb\rc\r\nd");
    form.append('na"me\r\nx\ny', "v");
    form.append("ünï", "ö");
    form.append("file", new Blob(["blob\ncontent"]));
    form.append("file", new File(["x"], 'q"u\r\no\nte 世.txt', { type: "text/plain" }));
    const oracle = new Response(form);
    const boundary = /boundary=(.*)/.exec(oracle.headers.get("content-type")!)![1]!;
    const { body } = encode(form, boundary);
    // Node 22's encoder leaves out the last line break.
    const expected = (await oracle.text()).replace(/--$/, "--\r\n");
    expect(Buffer.from(await sent(body)).toString("utf8")).toBe(expected);
  });

  test("are the same in one piece and in many", async () => {
    const large = "x".repeat(100_000);
    expect(await textOf([["a", large]])).toBe(
      `--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n${large}\r\n--B--\r\n`,
    );
  });
});

describe("names and filenames", () => {
  test.each([
    ['a"b', 'name="a%22b"'],
    ["a\r\nX-Evil: 1\r\n\r\n", 'name="a%0D%0AX-Evil: 1%0D%0A%0D%0A"'],
    ["日本", 'name="日本"'],
    ["back\\slash", 'name="back\\slash"'],
  ])("%j goes as %s", async (name, expected) => {
    expect(await textOf([[name, "v"]])).toContain(`form-data; ${expected}\r\n\r\nv\r\n`);
    const asFilename = await textOf([["f", { content: "v", filename: name }]]);
    expect(asFilename).toContain(`file${expected}\r\n`);
  });

  test("a lone surrogate becomes U+FFFD", async () => {
    expect(await textOf([["\ud800", "v"]])).toContain('name="\ufffd"');
  });
});

describe("a part's own words", () => {
  test("filename, type and headers", async () => {
    const text = await textOf({
      f: { content: "a,b", filename: "x.csv", headers: { "X-Row": "1" } },
      g: { content: new Uint8Array(1), filename: null, type: "application/x-thing" },
    });
    expect(text).toContain('name="f"; filename="x.csv"\r\nContent-Type: text/csv\r\nX-Row: 1\r\n\r\na,b');
    expect(text).toContain('name="g"\r\nContent-Type: application/x-thing\r\n\r\n\0\r\n');
  });

  test.each<[string, Multipart]>([
    ["a line break in a header's value", { f: { content: "x", headers: { "X-A": "1\r\nX-B: 2" } } }],
    ["a line break in a type", { f: { content: "x", type: "text/plain\r\nX-B: 2" } }],
    ["a NUL in a header's value", { f: { content: "x", headers: { "X-A": "\0" } } }],
    ["a header name that is none", { f: { content: "x", headers: { "X A": "1" } } }],
    ["a header that is ours", { f: { content: "x", headers: { "Content-Disposition": "attachment" } } }],
    ["both content and path", { f: { content: "x", path: "/x" } }],
    ["a misspelt name", { f: { content: "x", filname: "y" } as never }],
    ["a filename that is no string", { f: { content: "x", filename: 5 as never } }],
    ["a thing that is no content", { f: Symbol("x") as never }],
  ])("%s is refused", (_, multipart) => {
    expect(() => encode(multipart)).toThrow(InvalidOption);
    expect(() => encode(multipart)).toThrow(/multipart "f"/);
  });

  test("an array repeats the name, null drops it", async () => {
    const text = await textOf({ a: ["1", "2"], b: null, c: undefined });
    expect(text.match(/name="a"/g)).toHaveLength(2);
    expect(text).not.toMatch(/name="[bc]"/);
  });
});

describe("the boundary", () => {
  test("is another one when it stands in a part, whole or across its beginning", () => {
    const boundaries = ["taken", "free"];
    const { type } = encodeMultipart([["a", "xx\r\n--taken--\r\n"]], {
      files: undefined,
      type: null,
      boundary: () => boundaries.shift()!,
    });
    expect(type).toBe("multipart/form-data; boundary=free");
  });

  test("is random", () => {
    const types = Array.from(
      { length: 50 },
      () => encodeMultipart({}, { files: undefined, type: null }).type,
    );
    expect(new Set(types).size).toBe(50);
    expect(types[0]).toMatch(/^multipart\/form-data; boundary=skein-[0-9a-f]{32}$/);
  });

  test("of a content-type that the caller set is taken; one that names none gets ours", () => {
    const own = encodeMultipart({ a: "1" }, { files: undefined, type: "multipart/related; boundary=mine" });
    expect(own.type).toBe("multipart/related; boundary=mine");
    const none = encodeMultipart({ a: "1" }, { files: undefined, type: "multipart/mixed" });
    expect(none.type).toMatch(/^multipart\/mixed; boundary=skein-/);
    for (const [type, a] of [
      ["multipart/x; boundary=mine", "mine"],
      ["text/plain", "1"],
      ['multipart/x; boundary="a b"', "1"],
    ] as const)
      expect(() => encodeMultipart({ a }, { files: undefined, type })).toThrow(InvalidOption);
  });
});

describe("length and replay", () => {
  test("a stream: no length, and sent once", async () => {
    const { body } = encode({ a: "1", s: streamed("x", "y") });
    expect(body.length).toBeUndefined();
    expect(body.replayable).toBe(false);
    expect(Buffer.from(await sent(body)).toString()).toContain("\r\n\r\nxy\r\n--B--");
    await expect(sent(body)).rejects.toThrow(BodyNotReplayable);
  });

  test("a function that makes a stream: no length, and sent as often as needed", async () => {
    const { body } = encode({ s: () => streamed("x") });
    expect(body.length).toBeUndefined();
    expect(body.replayable).toBe(true);
    expect(await sent(body)).toEqual(await sent(body));
  });

  test("blobs: a length, and sent as often as needed", async () => {
    const { body } = encode({ b: new Blob(["abc"]) });
    expect(body.replayable).toBe(true);
    expect(await sent(body)).toHaveLength(body.length!);
    expect(await sent(body)).toHaveLength(body.length!);
  });
});

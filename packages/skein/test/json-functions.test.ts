import { describe, expect, expectTypeOf, onTestFinished, originServer, test } from "@skein/testkit";
import { Client, type ClientOptions, type ParseJson } from "../src/entry/node.ts";

async function start(options: ClientOptions = {}) {
  const origin = await originServer({
    routes: {
      lines: ({ response }) => void response.end('{"id":9007199254740993}\n{"id":1}\n'),
      big: ({ response }) => void response.end('{"id":9007199254740993}'),
    },
  });
  const client = new Client({ timeout: "10s", ...options });
  onTestFinished(async () => {
    await client.close();
    await origin.close();
  });
  return { origin, client };
}

/** Whole numbers stay exact: JSON.parse alone would round 9007199254740993. */
const exact: ParseJson = text => JSON.parse(text.replace(/:\s*(\d{16,})/g, ':"$1"'));
const ID = "9007199254740993";

describe("parseJson", () => {
  test("of a client reads its responses and JSON lines, in hooks and batches too; null and a call's own replace it", async () => {
    const inHook: unknown[] = [];
    const { origin, client } = await start({
      parseJson: exact,
      hooks: { response: response => void (response.hasContent && inHook.push(response.json())) },
    });
    const url = `${origin.url}/big`;
    const read = [
      (await client.get(url)).json(),
      await client.get(url).json(),
      await client.get(url, { parseJson: null }).json(),
      await client.get(url, { parseJson: text => text.length }).json(),
    ];
    await using stream = await client.stream(`${origin.url}/lines`);
    for await (const line of stream.jsonLines()) read.push(line);
    for await (const task of client.batch([url])) read.push(task.response?.json());
    const rounded = { id: Number(ID) };
    expect(read).toEqual([{ id: ID }, { id: ID }, rounded, 23, { id: ID }, { id: 1 }, { id: ID }]);
    expect(inHook).toEqual([{ id: ID }, { id: ID }, rounded, 23, { id: ID }]);
    expectTypeOf(await client.get(url).json()).toBeUnknown();
  });

  test("one that throws: a DecodingError that names it, the text, and has what was thrown as its cause", async () => {
    const cause = new RangeError("too many digits");
    const refuse = () => {
      throw cause;
    };
    const { origin, client } = await start({ parseJson: refuse });
    const expected = (what: string) => ({
      code: "INVALID_JSON",
      cause,
      message: expect.stringContaining(`parseJson refuses ${what}: too many digits: "{\\"id\\":`),
    });
    await expect(client.get(`${origin.url}/big`).json()).rejects.toMatchObject(expected("the body"));
    await using stream = await client.stream(`${origin.url}/lines`);
    await expect(stream.jsonLines().next()).rejects.toMatchObject(expected("line 1"));
  });
});

describe("stringifyJson", () => {
  test("of a client writes its bodies, those of batches too; null and a call's own replace it", async () => {
    const bigints = (value: unknown) =>
      JSON.stringify(value, (_, item) => (typeof item === "bigint" ? item.toString() : item));
    const { origin, client } = await start({ stringifyJson: bigints });
    const url = `${origin.url}/echo`;
    const body = async (call: Promise<unknown>) => ((await call) as { body: string }).body;
    const json = { id: 1n };
    expect([
      await body(client.post(url, { json }).json()),
      await body(client.post(url, { json: 1, stringifyJson: value => `[${value}]` }).json()),
    ]).toEqual(['{"id":"1"}', "[1]"]);
    await expect(client.post(url, { json, stringifyJson: null })).rejects.toThrow(/json\.id: the BigInt 1/);
    for await (const task of client.batch([1n], { request: id => ({ url, method: "POST", json: { id } }) }))
      expect(task.response?.json()).toMatchObject({ body: '{"id":"1"}' });
  });

  test("what it throws, and what is no text, fails the call, and names it", async () => {
    const broken = new Error("no idea");
    const { client } = await start();
    const stringifyJson = () => {
      throw broken;
    };
    await expect(client.post("http://127.0.0.1:1/", { json: 1, stringifyJson })).rejects.toMatchObject({
      code: "HANDLER_FAILED",
      cause: broken,
      message: "stringifyJson threw: no idea",
    });
    const nothing = (() => undefined) as never;
    await expect(client.post("http://127.0.0.1:1/", { json: 1, stringifyJson: nothing })).rejects.toThrow(
      "stringifyJson: expected text; got undefined",
    );
  });
});

test.each([
  [{ parseJson: "x" as never }, "parseJson: expected a function; got string"],
  [{ stringifyJson: 1 as never }, "stringifyJson: expected a function; got number"],
])("%o is refused", (options, message) => {
  expect(() => new Client(options)).toThrow(message);
});

import { describe, expect, test } from "@skein/testkit";
import { parseLine } from "./parse-line.ts";

const PLACE = { line: 7, nextOffset: 100 };

function itemOf(text: string) {
  const line = parseLine(text, PLACE);
  if (line?.kind !== "item") throw new Error(`no item: ${JSON.stringify(line)}`);
  return line;
}

function reasonOf(text: string): string {
  const line = parseLine(text, PLACE);
  if (line?.kind !== "rejected") throw new Error(`not rejected: ${JSON.stringify(line)}`);
  return line.reason;
}

describe("a line that is a URL", () => {
  test.each([
    ["https://example.com/a?b=c#d", "https://example.com/a?b=c#d"],
    ["  http://example.com/  \r\n", "http://example.com/"],
    ["\ufeffhttp://example.com/", "http://example.com/"],
    ["example.com/path", "https://example.com/path"],
    ["localhost:8080/x", "https://localhost:8080/x"],
    ["//example.com/x", "https://example.com/x"],
    ["HTTP://EXAMPLE.com", "HTTP://EXAMPLE.com"],
    ["http://[::1]:80/", "http://[::1]:80/"],
    ["http://user:secret@example.com/", "http://user:secret@example.com/"],
    ["example.com/?to=https://other.example/", "https://example.com/?to=https://other.example/"],
  ])("%s", (text, url) => {
    expect(itemOf(text).request).toEqual({ url });
  });

  test("keeps its place", () => {
    expect(itemOf("http://a.example/")).toMatchObject({ line: 7, nextOffset: 100 });
  });

  test.each(["", "   ", "\r\n", "# a comment", "  # http://example.com/"])("nothing: %j", text => {
    expect(parseLine(text, PLACE)).toBeUndefined();
  });

  test.each([
    ["mailto:someone@example.com", /scheme "mailto" is not supported/],
    ["ftp://example.com/", /scheme "ftp"/],
    ["file:///etc/passwd", /scheme "file"/],
    ["javascript:alert(1)", /scheme "javascript"/],
    ["http:example.com", /must be followed by "\/\/"/],
    ["/just/a/path", /names no host/],
    ["http://", /not a URL/],
    ["http://a b/", /white space/],
    ["http://example.com/ http://example.org/", /white space/],
    ["http://exa\u0000mple.com/", /control character/],
    ["http://example.com:99999/", /not a URL/],
    ["https://exa<mple.com/", /not a URL/],
  ])("rejected: %s", (text, reason) => {
    expect(reasonOf(text)).toMatch(reason);
  });
});

describe("a line that is a JSON object", () => {
  test("says all there is to say", () => {
    const row = {
      id: "a1",
      url: "example.com/x",
      method: "post",
      headers: { "X-Number": 7, accept: "text/plain" },
      body: "hello",
      meta: { any: ["thing", null] },
    };
    expect(itemOf(JSON.stringify(row))).toMatchObject({
      id: "a1",
      meta: { any: ["thing", null] },
      request: {
        url: "https://example.com/x",
        method: "POST",
        headers: { "X-Number": "7", accept: "text/plain" },
        body: "hello",
      },
    });
  });

  test("json becomes the body, with its content type unless the row has one", () => {
    expect(itemOf('{"url":"http://a.example/","json":{"n":1}}').request).toEqual({
      url: "http://a.example/",
      headers: { "content-type": "application/json" },
      body: '{"n":1}',
    });
    const own = itemOf('{"url":"http://a.example/","json":null,"headers":{"Content-Type":"text/json"}}');
    expect(own.request).toEqual({
      url: "http://a.example/",
      headers: { "Content-Type": "text/json" },
      body: "null",
    });
  });

  test("names of JavaScript are nothing special", () => {
    const { request } = itemOf('{"url":"http://a.example/","headers":{"__proto__":"1","constructor":"2"}}');
    expect(Object.entries(request.headers ?? {})).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
  });

  test.each([
    ['{"url":"http://a.example/"', /not valid JSON: .*column/],
    ['{"url":}', /not valid JSON: Unexpected token/],
    ["{}", /no "url"/],
    ['{"url":7}', /"url" must be a string; got a number/],
    ['{"url":"ftp://a.example/"}', /scheme "ftp"/],
    ['{"url":"http://a.example/","header":{}}', /unknown field "header"; the fields are id, url/],
    ['{"url":"http://a.example/","__proto__":1}', /unknown field "__proto__"/],
    ['{"url":"http://a.example/","id":{}}', /"id" must be a string or a number; got an object/],
    ['{"url":"http://a.example/","id":1e400}', /"id" must be a string or a number; got Infinity/],
    ['{"url":"http://a.example/","method":"GE T"}', /"method" must be a name/],
    ['{"url":"http://a.example/","method":1}', /"method" must be a name/],
    ['{"url":"http://a.example/","headers":[]}', /"headers" must be an object; got an array/],
    ['{"url":"http://a.example/","headers":null}', /"headers" must be an object; got null/],
    ['{"url":"http://a.example/","headers":{"a b":"c"}}', /not a header name: "a b"/],
    ['{"url":"http://a.example/","headers":{"":"c"}}', /not a header name/],
    ['{"url":"http://a.example/","headers":{"a":"b\\r\\nc: d"}}', /header a holds a line break/],
    ['{"url":"http://a.example/","headers":{"a":true}}', /header a must be a string; got a boolean/],
    ['{"url":"http://a.example/","body":{}}', /"body" must be a string; got an object; "json" takes any/],
    ['{"url":"http://a.example/","body":"a","json":1}', /either "body" or "json"/],
  ])("rejected: %s", (text, reason) => {
    expect(reasonOf(text)).toMatch(reason);
  });
});

describe("the key", () => {
  test("is that of the request, whatever its id and meta", () => {
    const plain = itemOf("http://a.example/").key;
    expect(itemOf('{"url":"http://a.example/","id":5,"meta":1}').key).toBe(plain);
    expect(itemOf('{"url":"http://a.example/","method":"POST"}').key).not.toBe(plain);
    expect(itemOf("http://a.example/x").key).not.toBe(plain);
  });

  test("is a whole number that a double and a journal hold", () => {
    for (let i = 0; i < 10_000; i++) {
      const { key } = itemOf(`http://a.example/${i}`);
      expect(Number.isSafeInteger(key) && key >= 0).toBe(true);
    }
  });

  test("does not collide among neighbours", () => {
    const keys = new Set<number>();
    for (let i = 0; i < 200_000; i++) keys.add(itemOf(`http://a.example/item-${i}`).key);
    expect(keys.size).toBe(200_000);
  });
});

test("a rejected line shows no credential, and no more than 200 characters", () => {
  const line = parseLine(`ftp://user:hunter2@example.com/${"x".repeat(500)}`, PLACE);
  expect(line).toMatchObject({ kind: "rejected", line: 7 });
  expect(JSON.stringify(line)).not.toContain("hunter2");
  expect((line as { text: string }).text).toHaveLength(201);
  const row = parseLine('{"url":"ftp://a/","headers":{"Authorization":"Bearer hunter2"', PLACE);
  expect(JSON.stringify(row)).not.toContain("hunter2");
});

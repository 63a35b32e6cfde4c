import { describe, expect, onTestFinished, test, vi } from "@skein/testkit";
import { parseUrl } from "../../core/url.ts";
import { CookieJar } from "./cookie-jar.ts";

/** A jar that has received these fields from `url`. */
async function jarOf(url: string, ...setCookies: string[]): Promise<CookieJar> {
  const jar = new CookieJar();
  await jar.store(parseUrl(url), setCookies);
  return jar;
}

/** What a call would send that begins at `home` (by default at the URL itself). */
function sent(jar: CookieJar, url: string, call: { home?: string; isSafe?: boolean } = {}) {
  const { home = url, isSafe = true } = call;
  return jar.cookieHeader(parseUrl(url), { home: parseUrl(home).origin, isSafe });
}

describe("which hosts get a cookie", () => {
  test.each<[set: string, from: string, to: string, sent: boolean]>([
    ["a=1", "https://example.com/", "https://example.com/", true],
    ["a=1", "https://example.com/", "https://www.example.com/", false],
    ["a=1; Domain=example.com", "https://www.example.com/", "https://example.com/", true],
    ["a=1; Domain=example.com", "https://www.example.com/", "https://other.example.com/", true],
    ["a=1; Domain=www.example.com", "https://example.com/", "https://www.example.com/", false],
    ["a=1; Domain=example.com", "https://example.com/", "https://badexample.com/", false],
    ["a=1; Domain=com", "https://example.com/", "https://example.com/", false],
    ["a=1; Domain=co.uk", "https://example.co.uk/", "https://example.co.uk/", false],
    ["a=1; Domain=github.io", "https://me.github.io/", "https://me.github.io/", false],
    ["a=1; Domain=me.github.io", "https://me.github.io/", "https://x.me.github.io/", true],
    ["a=1", "http://localhost:3000/", "http://localhost:4000/", true],
    ["a=1", "http://127.0.0.1/", "http://127.0.0.1/", true],
    ["a=1; Domain=0.0.1", "http://127.0.0.1/", "http://127.0.0.1/", false],
    ["a=1", "http://[::1]/", "http://[::1]/", true],
    ["a=1; Secure", "https://example.com/", "http://example.com/", false],
    ["a=1; Secure", "http://example.com/", "https://example.com/", false],
    ["a=1; Path=/docs", "https://example.com/", "https://example.com/docs/x", true],
    ["a=1; Path=/docs", "https://example.com/", "https://example.com/docsx", false],
    ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://example.com/", "https://example.com/", false],
  ])("%s from %s, to %s: %s", async (setCookie, from, to, isSent) => {
    expect(await sent(await jarOf(from, setCookie), to)).toBe(isSent ? "a=1" : undefined);
  });
});

describe("refused", () => {
  test.each([
    "",
    "novalue",
    "=1",
    "__Secure-a=1",
    "__secure-a=1",
    "__Host-a=1; Secure",
    "__Host-a=1; Path=/",
    "__HOST-a=1; Secure; Path=/; Domain=example.com",
    "a=1; SameSite=None",
    `a=${"x".repeat(4096)}`,
    `a=1; Path=/${"x".repeat(1024)}`,
    "a=1\u0001",
  ])("%s", async setCookie => {
    expect(await (await jarOf("https://example.com/", setCookie)).entries()).toEqual([]);
  });

  test("__Host- and __Secure- that keep to their rules are welcome", async () => {
    const jar = await jarOf("https://example.com/", "__Host-a=1; Secure; Path=/", "__Secure-b=2; Secure");
    expect(await sent(jar, "https://example.com/")).toBe("__Host-a=1; __Secure-b=2");
  });

  test("over http, what would replace or shadow a Secure cookie", async () => {
    const jar = await jarOf("https://example.com/", "a=1; Secure");
    await jar.store(parseUrl("http://example.com/"), ["a=2", "a=; Max-Age=0"]);
    expect(await sent(jar, "https://example.com/")).toBe("a=1");
    await jar.store(parseUrl("https://example.com/"), ["a=3; Secure"]);
    expect(await sent(jar, "https://example.com/")).toBe("a=3");
  });
});

describe("SameSite: a call that another site has redirected here", () => {
  const url = "https://www.example.com/";
  test.each<[home: string, isSafe: boolean, sent: string]>([
    ["https://www.example.com/", true, "s=1; l=1; n=1; u=1"],
    ["https://login.example.com/", false, "s=1; l=1; n=1; u=1"],
    ["https://evil.test/", true, "l=1; n=1; u=1"],
    ["https://evil.test/", false, "n=1; u=1"],
    ["http://www.example.com/", true, "l=1; n=1; u=1"],
  ])("from %s, reading only: %s", async (home, isSafe, header) => {
    const jar = await jarOf(
      url,
      "s=1; SameSite=Strict",
      "l=1; SameSite=Lax",
      "n=1; SameSite=None; Secure",
      "u=1",
    );
    expect(await sent(jar, url, { home, isSafe })).toBe(header);
  });
});

describe("limits", () => {
  test("a site has its own, with its subdomains; the one unused for longest goes, Secure ones last", async () => {
    const jar = new CookieJar({ maxPerSite: 3 });
    await jar.store(parseUrl("https://other.test/"), ["o=1"]);
    for (const cookie of ["a=1; Secure", "b=1", "c=1"])
      await jar.store(parseUrl("https://example.com/"), [cookie]);
    await jar.store(parseUrl("https://sub.example.com/"), ["d=1"]);
    expect((await jar.entries()).map(({ name }) => name)).toEqual(["o", "a", "c", "d"]);
  });

  test("in all", async () => {
    const jar = new CookieJar({ maxCookies: 100 });
    for (let i = 0; i < 1_000; i++) await jar.store(parseUrl(`https://site${i}.test/`), ["a=1"]);
    expect(await jar.entries()).toHaveLength(100);
  });

  test("of what is sent: a server that has set too much must not refuse all that follows", async () => {
    const jar = await jarOf("https://example.com/", "path=1; Path=/docs");
    for (let i = 0; i < 150; i++)
      await jar.store(parseUrl("https://example.com/"), [`c${i}=${"x".repeat(200)}; Path=/`]);
    const field = (await sent(jar, "https://example.com/docs")) ?? "";
    expect(field.length).toBeGreaterThan(7_900);
    expect(field.length).toBeLessThanOrEqual(8_190);
    expect(field).toMatch(/^path=1; c0=/);
  });

  test.each([{ maxCookies: 0 }, { maxPerSite: 1.5 }, { max: 1 }])("%j is no limit", options => {
    expect(() => new CookieJar(options as object)).toThrow(/CookieJar/);
  });
});

describe("save and load", () => {
  const fields = [
    "a=1; Path=/; Max-Age=3600; SameSite=Lax",
    'b=x y"; Domain=example.com; Secure; HttpOnly',
    "user[name]=\xe9; Path=/docs",
    "s=1; SameSite=None; Secure; Expires=Wed, 21 Oct 2099 07:28:00 GMT",
  ];

  test("give the same jar, through JSON; host-only stays so", async () => {
    const jar = await jarOf("https://www.example.com/docs/x", ...fields);
    const saved = JSON.parse(JSON.stringify(await jar.save()));
    const loaded = await new CookieJar().load(saved);
    expect(await loaded.save()).toEqual(saved);
    expect(saved.cookies).toHaveLength(4);
    for (const url of [
      "https://www.example.com/docs/x",
      "https://example.com/",
      "https://sub.www.example.com/docs",
    ])
      expect(await sent(loaded, url)).toBe(await sent(jar, url));
  });

  test.each<[unknown, RegExp]>([
    [undefined, /expected what save\(\) returned/],
    [{ version: 2, cookies: [] }, /expected what save\(\) returned/],
    [{ version: 1, cookies: [null] }, /cookies\[0\]: expected an object/],
    [{ version: 1, cookies: [{ name: "a" }] }, /cookies\[0\]\.value is not valid/],
  ])("%j is refused", async (saved, message) => {
    await expect(new CookieJar().load(saved)).rejects.toThrow(message);
  });

  test("what a file must not bring in: a line break, a public suffix; then nothing is added", async () => {
    const { cookies } = await (await jarOf("https://example.com/", "a=1")).save();
    const [cookie] = cookies;
    const jar = new CookieJar();
    const bad = [
      { value: "1\r\nx: y" },
      { domain: "co.uk", hostOnly: false },
      { path: "x" },
      { expires: "soon" },
    ];
    for (const change of bad) {
      const saved = { version: 1, cookies: [cookie, { ...cookie, ...change }] };
      await expect(jar.load(saved)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    }
    expect(await jar.entries()).toEqual([]);
  });
});

describe("by hand", () => {
  test("set, get, delete, clear", async () => {
    const jar = new CookieJar();
    const url = "https://example.com/";
    expect([await jar.get("a", url), await jar.delete("a", url), await jar.entries()]).toEqual([
      undefined,
      false,
      [],
    ]);
    await jar.set("a", "1", { url, domain: "example.com", httpOnly: true, sameSite: "lax" });
    await jar.set("b", "2", { url, path: "/docs", expires: new Date("2099-01-01") });
    expect(await jar.entries()).toMatchObject([
      {
        name: "a",
        value: "1",
        domain: "example.com",
        path: "/",
        hostOnly: false,
        secure: true,
        httpOnly: true,
        sameSite: "lax",
      },
      { name: "b", hostOnly: true, path: "/docs", expires: "2099-01-01T00:00:00.000Z" },
    ]);
    expect(await jar.get("a", new URL("https://www.example.com/"))).toBe("1");
    expect([await jar.delete("a", url), await jar.get("a", url)]).toEqual([true, undefined]);
    await jar.clear();
    expect(await jar.entries()).toEqual([]);
  });

  test.each<[string, string, object, RegExp]>([
    ["a", "1", { url: "https://example.com/", domain: "com" }, /"a" is refused: .*public suffix/],
    ["a", "1", { url: "https://example.com/", domain: "other.com" }, /"a" is refused/],
    ["__Host-a", "1", { url: "http://example.com/" }, /__Host- needs Secure/],
    ["a", "1", { url: "nowhere" }, /expected the URL/],
    ["a", "1", {}, /expected the URL/],
    ["a", "1;b", { url: "https://example.com/" }, /cookies\.a: a value/],
    ["a=", "1", { url: "https://example.com/" }, /not the name of a cookie/],
    ["a", "1", { url: "https://example.com/", maxAge: 1 }, /there is no option "maxAge"/],
    ["a", "1", { url: "https://example.com/", expires: new Date("x") }, /expires is no date/],
  ])("%s=%s with %j is refused aloud", async (name, value, attributes, message) => {
    await expect(new CookieJar().set(name, value, attributes as never)).rejects.toThrow(message);
  });
});

describe("what was found for an origin is looked for anew", () => {
  const url = "https://example.com/docs/page?q=/other";

  test("when a cookie has changed, and for another path", async () => {
    const jar = await jarOf(url, "a=1; Path=/", "b=2; Path=/docs");
    expect([sent(jar, url), sent(jar, "https://example.com/?q=/docs")]).toEqual(["b=2; a=1", "a=1"]);
    await jar.store(parseUrl(url), ["a=3; Path=/"]);
    expect(sent(jar, url)).toBe("b=2; a=3");
    await jar.delete("b", url);
    expect(sent(jar, url)).toBe("a=3");
    await jar.clear();
    expect(sent(jar, url)).toBeUndefined();
  });

  test("when a cookie has expired meanwhile", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const jar = await jarOf(url, "a=1; Path=/; Max-Age=60", "b=2; Path=/");
    expect(sent(jar, url)).toBe("a=1; b=2");
    vi.setSystemTime(Date.now() + 59_000);
    expect(sent(jar, url)).toBe("a=1; b=2");
    vi.setSystemTime(Date.now() + 1_000);
    expect(sent(jar, url)).toBe("b=2");
  });
});

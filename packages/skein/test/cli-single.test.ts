import { execFile } from "node:child_process";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, type OriginServer, originServer, sendText, test } from "@skein/testkit";
import { runSkein, scratchDirectory } from "./run-skein.ts";

/** What an origin has been sent, bodies included. */
async function recorder(): Promise<OriginServer & { readonly seen: () => Seen }> {
  const bodies: string[] = [];
  const origin = await originServer({
    routes: {
      take: async ({ request, response }) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of request) chunks.push(chunk);
        bodies.push(Buffer.concat(chunks).toString("latin1"));
        sendText(response, "taken");
      },
    },
  });
  const seen = () => {
    const { method, target, headers } = origin.requests.at(-1)!;
    const fields = headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`).toSorted();
    return { method, target, fields, body: bodies.at(-1) ?? "" };
  };
  return Object.assign(origin, { seen });
}

interface Seen {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly string[];
  readonly body: string;
}

describe("curl's flags", () => {
  test("options, -X and -u", async () => {
    await using origin = await originServer();
    expect((await runSkein(["options", `${origin.url}/ok`])).code).toBe(0);
    expect((await runSkein(["get", `${origin.url}/ok`, "-X", "propfind", "-u", "ada:pa:ss"])).code).toBe(0);
    expect(origin.requests.map(({ method }) => method)).toEqual(["OPTIONS", "PROPFIND"]);
    expect(origin.requests[1]?.header("authorization")).toBe(`Basic ${btoa("ada:pa:ss")}`);
  });

  test("-L is on; --no-location prints the answer that redirects", async () => {
    await using origin = await originServer();
    const url = `${origin.url}/redirect/302?to=/ok`;
    expect((await runSkein(["get", url])).stdout).toBe("ok");
    expect((await runSkein(["get", url, "--no-location", "-i"])).stdout).toMatch(/^HTTP\/\S+ 302 /);
    expect((await runSkein(["get", url, "--no-location", "-L"])).stdout).toBe("ok");
  });

  test("-F sends a form with texts and files", async () => {
    await using origin = await recorder();
    const cwd = scratchDirectory();
    writeFileSync(join(cwd, "a.txt"), "of a file");
    const fields = ["title=Über; alles", "file=@a.txt;type=text/x-mine;filename=b.txt", "text=<a.txt"];
    const flags = fields.flatMap(field => ["-F", field]);
    expect((await runSkein(["post", `${origin.url}/take`, ...flags], { cwd })).code).toBe(0);
    const { body, fields: headers } = origin.seen();
    const boundary = /boundary=(\S+)/.exec(headers.find(field => field.startsWith("content-type"))!)![1]!;
    const form = await new Response(Buffer.from(body, "latin1"), {
      headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    }).formData();
    expect([form.get("title"), form.get("text")]).toEqual(["Über; alles", "of a file"]);
    const file = form.get("file") as File;
    expect([file.name, file.type, await file.text()]).toEqual(["b.txt", "text/x-mine", "of a file"]);
  });
});

describe("--session FILE", () => {
  test("cookies are kept for the next command, in a file for its owner alone", async () => {
    await using origin = await originServer({
      routes: {
        login: ({ response }) => {
          response.setHeader("set-cookie", ["sid=s3cret; HttpOnly; Path=/", "other=1; Path=/elsewhere"]);
          sendText(response, "in");
        },
      },
    });
    const cwd = scratchDirectory();
    const path = join(cwd, "cookies.json");
    const flags = ["--session", "cookies.json"];
    expect((await runSkein(["post", `${origin.url}/login`, ...flags], { cwd })).code).toBe(0);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);
    expect((await runSkein(["get", `${origin.url}/ok`, ...flags], { cwd })).code).toBe(0);
    expect(origin.requests.at(-1)?.header("cookie")).toBe("sid=s3cret");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const shown = await runSkein(["get", `${origin.url}/ok`, ...flags, "--dry-run"], { cwd });
    expect(shown.stdout).toMatch(/^cookie: \*\*\*$/im);
  });

  test("a file that holds something else is left as it is", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    for (const text of ["not JSON", '{"version": 2}']) {
      writeFileSync(join(cwd, "mine"), text);
      const end = await runSkein(["get", `${origin.url}/ok`, "--session", "mine"], { cwd });
      expect(end.code).toBe(3);
      expect(end.stderr).toContain("--session: mine holds no session of skein");
      expect(readFileSync(join(cwd, "mine"), "utf8")).toBe(text);
    }
    expect(origin.requestCount).toBe(0);
    const end = await runSkein(["get", `${origin.url}/ok`, "--session", "no/where"], { cwd });
    expect(end.code).toBe(3);
    expect(end.stderr).toContain("--session: can't write no/where: ");
  });
});

describe("--dry-run and --curl send nothing", () => {
  test("--dry-run prints the request, credentials only when asked for", async () => {
    await using origin = await originServer();
    const args = [
      "post",
      `${origin.url}/x?a=1&token=hunter2`,
      "-u",
      "ada:hunter2",
      "--json",
      '{"a":1}',
      "--dry-run",
    ];
    const end = await runSkein(args);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect(end.stdout).toMatch(/^POST \/x\?a=1&token=\*\*\* HTTP\/1\.1\nhost: 127\.0\.0\.1:\d+\n/);
    expect(end.stdout).toMatch(
      /\ncontent-type: application\/json\nAuthorization: Basic \*\*\*\n\n\{"a":1\}\n$/,
    );
    const all = await runSkein([...args, "--show-secrets"]);
    expect(all.stdout).toContain(`token=hunter2 HTTP/1.1`);
    expect(all.stdout).toContain(`Authorization: Basic ${btoa("ada:hunter2")}`);
    expect(origin.requestCount).toBe(0);
  });

  test.each<[name: string, args: string[]]>([
    ["a GET", ["get", "/take?q=it's&list[]=1"]],
    ["a HEAD", ["head", "/take"]],
    ["a form", ["post", "/take", "-d", "name=Ada & Bob's\n&x=1"]],
    ["JSON of a file", ["put", "/take", "--json", "@body.json", "-H", "X-Empty;", "-H", "Accept:"]],
    ["bytes", ["patch", "/take", "-d", "@body.bin", "-H", "Content-Type: application/octet-stream"]],
    ["credentials", ["delete", "/take", "-u", "ada:hunter2", "-H", "Cookie: a=1; b=2", "--user-agent", "me"]],
    ["a form of parts", ["post", "/take", "-F", "a=1", "-F", "file=@body.bin"]],
    ["another method", ["options", "/take", "-X", "PROPFIND"]],
    ["a redirect", ["get", "/redirect/302?to=/take"]],
  ])("curl sends the same: %s", async (_name, [command, path, ...flags]) => {
    await using origin = await recorder();
    const cwd = scratchDirectory();
    writeFileSync(join(cwd, "body.json"), '{"quote": "it\'s"}\n');
    writeFileSync(join(cwd, "body.bin"), Buffer.from([0, 1, 255, 10, 13, 39]));
    const args = [command!, `${origin.url}${path}`, ...flags];
    const printed = await runSkein([...args, "--curl", "--show-secrets"], { cwd });
    expect(printed).toMatchObject({ code: 0, stderr: "" });
    expect(origin.requestCount).toBe(0);
    await promisify(execFile)("bash", ["-c", printed.stdout.replaceAll("curl ", "curl -s ")], { cwd });
    const byCurl = origin.seen();
    expect((await runSkein(args, { cwd })).code).toBe(0);
    expect(withoutBoundary(byCurl)).toEqual(withoutBoundary(origin.seen()));
  });

  test("--curl hides credentials unless asked, and says so of what is too long", async () => {
    const args = [
      "get",
      "https://example.com/?api_key=hunter2",
      "-u",
      "ada:hunter2",
      "-k",
      "--timeout",
      "1500ms",
    ];
    const { stdout } = await runSkein([...args, "--curl"]);
    expect(stdout).not.toContain("hunter2");
    expect(stdout).not.toContain(btoa("ada:hunter2"));
    expect(stdout).toMatch(/ --location --insecure --max-time 1\.5\n$/);
    const cwd = scratchDirectory();
    writeFileSync(join(cwd, "big"), "x".repeat(200_000));
    const end = await runSkein(["post", "https://example.com", "-d", "@big", "--curl"], { cwd });
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain("--curl: a body of 200000 bytes is too long for a command line");
  });
});

/** Each sending has a boundary of its own. */
function withoutBoundary(seen: Seen): Seen {
  const replaced = JSON.stringify(seen).replaceAll(/skein-[0-9a-f]{32}/g, "boundary");
  const { fields, ...rest } = JSON.parse(replaced) as Seen;
  // Ours keeps the connection, and says nothing of it.
  return { ...rest, fields: fields.filter(field => !field.startsWith("connection:")) };
}

describe("used wrongly", () => {
  test.each([
    [["-u", "hunter2"], 2, "-u, --user: expected name:password; there is no colon in what was given"],
    [["-F", "hunter2"], 2, "-F, --form: expected name=value or name=@file"],
    [["-F", "a=@"], 2, "-F, --form: expected a file name after a=@"],
    [["-F", "a=<"], 2, "-F, --form: expected a file name after a=<"],
    [["-F", "a=@missing.bin"], 3, "-F, --form: can't read missing.bin: "],
    [["-F", "a=<missing.bin"], 3, "-F, --form: can't read missing.bin: "],
    [["-F", "a=1", "-d", "b"], 2, "-F, --form and -d or --json each give a body"],
    [["-X", "A B"], 2, '-X, --method: expected a method such as GET, POST or PROPFIND; got "A B"'],
    [["--dry-run", "--curl"], 2, "--dry-run and --curl each print the request in their own way"],
    [["--show-secrets"], 2, "--show-secrets is for --dry-run and --curl"],
  ])("skein post %j: %d", async (flags, code, message) => {
    await using origin = await originServer();
    const end = await runSkein(["post", `${origin.url}/ok`, ...flags]);
    expect(end).toMatchObject({ code, stdout: "" });
    expect(end.stderr).toContain(`skein: ${message}`);
    expect(end.stderr).not.toContain("hunter2");
    expect(origin.requestCount).toBe(0);
    expect(existsSync("missing.bin")).toBe(false);
  });
});

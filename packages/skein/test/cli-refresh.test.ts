import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, originServer, test } from "@skein/testkit";
import { readRows, runSkein, scratchDirectory } from "./run-skein.ts";

test("skein fetch --refresh: what has not changed keeps its row, and is counted", async () => {
  let text = "old";
  await using origin = await originServer({
    routes: {
      page: ({ request, response, parts }) => {
        const etag = parts[1] === "2" ? `"${text}"` : '"always"';
        if (request.headers["if-none-match"] === etag) return void response.writeHead(304).end();
        response.setHeader("etag", etag);
        response.end(parts[1] === "2" ? text : "the same");
      },
    },
  });
  const cwd = scratchDirectory();
  writeFileSync(join(cwd, "urls.txt"), [1, 2, 3].map(n => `${origin.url}/page/${n}\n`).join(""));
  const fetch = (...flags: string[]) => runSkein(["fetch", "urls.txt", "-o", "out.jsonl", ...flags], { cwd });
  await fetch();
  text = "new";
  expect((await fetch()).stderr).toMatch(/add --refresh; to begin anew, --fresh/);
  const { code, stderr } = await fetch("--refresh");
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^Asking again for all of out\.jsonl, which stays as it is until that is done\.\nDone 3/,
  );
  expect(stderr).toMatch(/3 succeeded, 0 failed, 2 unchanged/);
  expect(stderr).toMatch(/\n +304 +2 +unchanged\n/);
  expect(stderr).not.toMatch(/refused/);
  const bodies = readRows(join(cwd, "out.jsonl")).map(row => row.body);
  expect(bodies.toSorted()).toEqual(["new", "the same", "the same"]);
  const status = await runSkein(["status", "out.jsonl"], { cwd });
  expect(status.stdout).toMatch(/^Complete 3 done: 3 succeeded, 0 failed, 2 of them unchanged/);
});

test.each([
  [["--fresh"], /--refresh asks for all items again, and --fresh forgets all results: leave one of them out/],
  [["--retry-failed"], /--refresh asks for all items again, and --retry-failed sends some of the items/],
  [["--threads", "2"], /--refresh: one thread does that; leave out --threads/],
  [["-X", "POST"], /refresh: only GET, HEAD and OPTIONS are sent again; the method is POST/],
])("with %j it is used wrongly", async (flags, message) => {
  const cwd = scratchDirectory();
  writeFileSync(join(cwd, "urls.txt"), "http://127.0.0.1:9/\n");
  const { code, stderr } = await runSkein(["fetch", "urls.txt", "-o", "out.jsonl", "--refresh", ...flags], {
    cwd,
  });
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

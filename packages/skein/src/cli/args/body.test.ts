import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@skein/testkit";
import { FileError, UsageError } from "../exit-code.ts";
import { readBody } from "./body.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-body-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("readBody", () => {
  test("none without a flag", async () => {
    expect(await readBody({})).toBeUndefined();
  });

  test("-d is a form, --json is JSON, both as they were given", async () => {
    const form = await readBody({ data: "a=1&b= ü" });
    expect(form?.contentType).toBe("application/x-www-form-urlencoded");
    expect(Buffer.from(form!.content).toString()).toBe("a=1&b= ü");
    const json = await readBody({ json: '{ "a" : 12345678901234567890 }' });
    expect(json?.contentType).toBe("application/json");
    expect(Buffer.from(json!.content).toString()).toBe('{ "a" : 12345678901234567890 }');
  });

  test("@file is read byte for byte, line breaks included", async () => {
    const path = join(directory, "body.bin");
    writeFileSync(path, Uint8Array.of(0, 255, 13, 10));
    const body = await readBody({ data: `@${path}` });
    expect(Buffer.from(body!.content)).toEqual(Buffer.from([0, 255, 13, 10]));
  });

  test("a file that is not there is a file error that names it", async () => {
    const attempt = readBody({ data: "@/no/such/file" });
    await expect(attempt).rejects.toThrow(FileError);
    await expect(attempt).rejects.toThrow("-d, --data: can't read /no/such/file");
  });

  test.each([
    [{ data: "a", json: "1" }, "a request has one"],
    [{ data: "@" }, "expected a file name after @"],
    [{ json: "{a: 1}" }, "--json: not valid JSON"],
  ])("%j is refused", async (flags, message) => {
    const attempt = readBody(flags);
    await expect(attempt).rejects.toThrow(UsageError);
    await expect(attempt).rejects.toThrow(message);
  });
});

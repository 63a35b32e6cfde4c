import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@skein/testkit";
import { headersOf, tlsOf } from "./connection.ts";
import { parseHeader } from "./header.ts";

describe("headersOf", () => {
  test("the body's content type and --user-agent are headers, which -H replaces", () => {
    const flags = { userAgent: "me/1", header: [parseHeader("X-A: b")] };
    expect(headersOf(flags, "text/plain")).toEqual({
      "content-type": "text/plain",
      "user-agent": "me/1",
      "X-A": "b",
    });
    const own = { ...flags, header: ["Content-Type: a/b", "USER-AGENT: you"].map(parseHeader) };
    expect(headersOf(own, "text/plain")).toEqual({ "Content-Type": "a/b", "USER-AGENT": "you" });
  });

  test("a line break in --user-agent is refused", () => {
    expect(() => headersOf({ userAgent: "a\r\nX: y" }, undefined)).toThrow(
      "--user-agent: what was given holds a line break",
    );
  });
});

describe("tlsOf", () => {
  test("nothing, -k, --cacert", () => {
    const directory = mkdtempSync(join(tmpdir(), "skein-ca-"));
    const path = join(directory, "ca.pem");
    writeFileSync(path, "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n");
    expect(tlsOf({})).toBeUndefined();
    expect(tlsOf({ insecure: true })).toEqual({ verify: false });
    expect(tlsOf({ cacert: path })?.ca).toContain("BEGIN CERTIFICATE");
    rmSync(directory, { recursive: true });
  });

  test("what makes no sense is refused", () => {
    expect(() => tlsOf({ insecure: true, cacert: "x" })).toThrow("leave one of them out");
    expect(() => tlsOf({ cacert: "/no/such.pem" })).toThrow("--cacert: can't read /no/such.pem");
    expect(() => tlsOf({ cacert: import.meta.filename.replace("connection.test", "url") })).toThrow(
      "holds no certificate",
    );
  });
});

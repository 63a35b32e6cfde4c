import { describe, expect, test } from "@skein/testkit";
import type { JobRow } from "../../entry/jobs.ts";
import { parseWhere } from "./where.ts";

const row: JobRow = {
  ...{ v: 1, id: 17, url: "https://example.com/a,b?q=1", finalUrl: null, state: "failed", status: 429 },
  ...{ attempts: 3, timings: { queued: 1, waited: 2_000, served: 40.5 }, bytes: 120, sha256: null },
  ...{ contentType: "text/html", error: { code: "HTTP_STATUS", phase: "body", message: "answered 429" } },
};
const unanswered: JobRow = { ...row, status: null, bytes: null, timings: null };

describe("parseWhere", () => {
  test.each([
    ["status=429", true],
    ["status=428", false],
    ["status!=429", false],
    ["status=4xx", true],
    ["status!=4XX", false],
    ["status=5xx", false],
    ["status >= 400 , status < 500", true],
    ["status>=430", false],
    ["status<=429,status>428", true],
    ["attempts=3,state=failed,error=HTTP_STATUS", true],
    ["attempts=3,state=succeeded", false],
    ["url~EXAMPLE.com", true],
    ["url~example.org", false],
    ['url~"/a,b?q="', true],
    ["id=17", true],
    ["id=1", false],
    ["served>40", true],
    ["finalUrl=none", true],
    ["finalUrl!=none", false],
    ["finalUrl~a", false],
    ["contentType!=text/css", true],
    ["message~429", true],
  ])("%s: %s", (text, wanted) => {
    expect(parseWhere("--where", text)(row)).toBe(wanted);
  });

  test.each([
    ["status=none", true],
    ["status!=none", false],
    ["status=429", false],
    ["status!=429", true],
    ["bytes>0", false],
    ["served<1000", false],
  ])("where there is no answer, %s: %s", (text, wanted) => {
    expect(parseWhere("--where", text)(unanswered)).toBe(wanted);
  });

  test.each([
    ["status", "--where: expected conditions such as status=429"],
    ["", "--where: expected conditions such as status=429"],
    ["status=429,", "--where: expected conditions such as status=429"],
    ["status==429", '--where: expected a number for status; got "=429"'],
    ["code=429", '--where: there is no field "code"; known: id, url,'],
    ["constructor=1", '--where: there is no field "constructor"'],
    ["status=many", '--where: expected a number for status; got "many"'],
    ["bytes=", '--where: expected a number for bytes; got ""'],
    ["status~42", "--where: status is a number; expected =, !=, <, <=, > or >=, got ~"],
    ["url>5", "--where: url is a text; expected =, != or ~ (contains), got >"],
  ])("refuses %j", (text, message) => {
    expect(() => parseWhere("--where", text)).toThrow(message);
  });
});

import { expect, test } from "@skein/testkit";
import { renderHead, renderRequest, renderResponse } from "./exchange.ts";
import { noPaint } from "./paint.ts";

const request = {
  method: "GET",
  url: { target: "/a?token=hunter2", origin: { host: "example.com:8080" } },
  headers: [
    ["Accept", "*/*"],
    ["Authorization", "Bearer hunter2"],
  ] as [string, string][],
};

const response = {
  status: 302,
  reasonPhrase: "Found",
  httpVersion: "1.1",
  headers: [
    ["Location", "/b?token=hunter2"],
    ["Set-Cookie", "s=hunter2"],
  ] as [string, string][],
};

test("a request, without its secrets", () => {
  expect(renderRequest(request, noPaint)).toBe(
    [
      "> GET /a?token=*** HTTP/1.1",
      "> host: example.com:8080",
      "> Accept: */*",
      "> Authorization: Bearer ***",
      ">",
      "",
    ].join("\n"),
  );
});

test("a response, without its secrets", () => {
  expect(renderResponse(response, noPaint)).toBe(
    ["< HTTP/1.1 302 Found", "< Location: /b?token=***", "< Set-Cookie: ***", "<", ""].join("\n"),
  );
});

test("a head that was asked for is whole", () => {
  expect(renderHead({ ...response, reasonPhrase: "" })).toBe(
    "HTTP/1.1 302\nLocation: /b?token=hunter2\nSet-Cookie: s=hunter2\n",
  );
});

import { expect, test } from "@skein/testkit";
import { redactHeader, redactUrls } from "./redact.ts";

test.each([
  ["Authorization", "Bearer hunter2", "Bearer ***"],
  ["authorization", "hunter2", "***"],
  ["Proxy-Authorization", "Basic aHVudGVyMg==", "Basic ***"],
  ["Cookie", "session=hunter2", "***"],
  ["Set-Cookie", "session=hunter2; Path=/", "***"],
  ["X-API-Key", "hunter2", "***"],
  ["X-Auth-Token", "hunter2", "***"],
  ["Accept", "text/html", "text/html"],
  ["X-Author", "Ada", "Ada"],
])("%s: %s", (name, value, shown) => {
  expect(redactHeader(name, value)).toBe(shown);
});

test.each([
  ["/a?token=hunter2&b=c", "/a?token=***&b=c"],
  ["/a?b=c&api_key=hunter2#x", "/a?b=c&api_key=***#x"],
  ["/a?access_token=hunter2", "/a?access_token=***"],
  ["/a?X-Amz-Signature=hunter2", "/a?X-Amz-Signature=***"],
  ["/token=1?a=b", "/token=1?a=b"],
  ["GET http://a.test/?token=hunter2: answered 404", "GET http://a.test/?token=***: answered 404"],
  ["GET http://a.test/?token=hun:ter:2 failed", "GET http://a.test/?token=*** failed"],
])("%s", (target, shown) => {
  expect(redactUrls(target)).toBe(shown);
});

import { expect, test } from "@skein/testkit";
import { addressBytes } from "./address-bytes.ts";

test.each([
  ["10.0.0.255", "0a0000ff"],
  ["::", "0".repeat(32)],
  ["::1", `${"0".repeat(31)}1`],
  ["1::", `0001${"0".repeat(28)}`],
  ["2001:db8::8:800:200c:417a", "20010db80000000000080800200c417a"],
  ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ["::ffff:10.0.0.1", "00000000000000000000ffff0a000001"],
  ["fe80::1%lo", "fe800000000000000000000000000001"],
])("%s is %s", (address, hex) => {
  expect(Buffer.from(addressBytes(address)!).toString("hex")).toBe(hex);
});

test("a name has none", () => {
  expect([addressBytes("example.com"), addressBytes("127.1"), addressBytes("")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

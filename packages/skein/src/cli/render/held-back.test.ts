import { expect, test } from "@skein/testkit";
import type { BatchProgress, WaitReason } from "../../entry/node.ts";
import { heldOrigins } from "./held-back.ts";

const told = (...origins: [string, WaitReason | undefined, number | undefined][]) =>
  heldOrigins({
    origins: origins.map(([origin, waitsFor, waitMs]) => ({ origin, waitsFor, waitMs, open: 1 })),
  } as unknown as BatchProgress).map(({ origin }) => origin);

test("those that are left alone for a second or more, the longest first, no more than three", () => {
  expect(heldOrigins(undefined)).toEqual([]);
  expect(
    told(
      ...([
        ["busy", undefined, undefined],
        ["short", "origin cooling", 900],
        ["unknown", "circuit open", undefined],
        ["long", "retry-after", 60_000],
        ["paused", "paused", undefined],
        ["longest", "retry-after", 90_000],
        ["third", "origin cooling", 5_000],
      ] as [string, WaitReason | undefined, number | undefined][]),
    ),
  ).toEqual(["longest", "long", "third"]);
});

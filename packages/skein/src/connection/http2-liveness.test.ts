import { describe, expect, test } from "@skein/testkit";
import { Http2Liveness, type Verdict } from "./http2-liveness.ts";

const INTERVAL_MS = 15_000;

/** What is found out at a time. */
function look(liveness: Http2Liveness, now: number, waits = true): Verdict {
  const time = { now, blocked: 0, since: (then: number) => now - then };
  return liveness.look(time, INTERVAL_MS, () => waits);
}

function acknowledged(now = 0): Http2Liveness {
  const liveness = new Http2Liveness(now);
  liveness.isAcknowledged = true;
  return liveness;
}

describe("SETTINGS", () => {
  test("have ten seconds to be acknowledged, whether anybody waits or not", () => {
    for (const waits of [true, false]) {
      const liveness = new Http2Liveness(500);
      liveness.heardAt = 10_000;
      expect(look(liveness, 10_500, waits)).toBeUndefined();
      expect(look(liveness, 10_501, waits)).toEqual({
        code: "SETTINGS_TIMEOUT",
        reason: "the connection ended (our SETTINGS were not acknowledged within 10 s)",
      });
    }
  });

  test("that are acknowledged are no matter any more", () => {
    expect(look(acknowledged(), 14_000)).toBeUndefined();
  });
});

describe("silence", () => {
  test("a PING after the interval, one; and the end when it has no answer in time", () => {
    const liveness = acknowledged(1_000);
    expect(look(liveness, 16_000)).toBeUndefined();
    expect(look(liveness, 16_025)).toBe("ping");
    expect(look(liveness, 16_050)).toBeUndefined();
    expect(look(liveness, 31_025)).toBeUndefined();
    expect(look(liveness, 31_050)).toEqual({
      code: "NO_ERROR",
      reason: "the connection ended (no byte for 30.1 s, not even in answer to a PING)",
    });
  });

  test("any byte is an answer, and the interval begins anew", () => {
    const liveness = acknowledged();
    expect(look(liveness, 15_025)).toBe("ping");
    liveness.heardAt = 29_000;
    expect(look(liveness, 44_000)).toBeUndefined();
    expect(look(liveness, 44_025)).toBe("ping");
    liveness.heardAt = 44_025;
    expect(look(liveness, 59_025)).toBeUndefined();
  });

  test("means nothing while nobody waits", () => {
    const liveness = acknowledged();
    expect(look(liveness, 3_600_000, false)).toBeUndefined();
    expect(look(liveness, 3_600_025)).toBe("ping");
  });
});

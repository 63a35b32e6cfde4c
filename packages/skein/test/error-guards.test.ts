import { describe, expect, expectTypeOf, originServer, scriptedServer, test } from "@skein/testkit";
import type { ErrorCode } from "../src/core/error-codes.ts";
import * as guards from "../src/core/error-guards.ts";
import * as errors from "../src/core/errors.ts";
import {
  Client,
  type HTTPStatusError,
  isAborted,
  isHTTPStatusError,
  isInvalidOption,
  isNetworkError,
  isReadTimeout,
  isSkeinError,
  isTimeout,
  type ReadTimeout,
  type Response,
  type ResponsePromise,
  type SkeinError,
  TimeoutError,
  type TotalTimeout,
} from "../src/entry/node.ts";

const caught = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => expect.unreachable("it should have failed"),
    (error: unknown) => error,
  );

function cancelled(call: ResponsePromise): ResponsePromise {
  call.cancel();
  return call;
}

describe("the guards of errors", () => {
  test("tell a timeout, a broken connection, a refused status and a cancelled call apart", async () => {
    await using origin = await originServer();
    await using silent = await scriptedServer(async connection => {
      await connection.readHead();
      connection.end();
    });
    await using client = new Client({ retry: false });
    const failures = {
      timeout: await caught(client.get(`${origin.url}/delay/1000`, { timeout: { read: 20 } })),
      network: await caught(client.get(silent.url)),
      status: await caught(client.get(`${origin.url}/status/404`).text()),
      aborted: await caught(cancelled(client.get(`${origin.url}/delay/1000`))),
    };
    const told = Object.fromEntries(
      Object.entries(failures).map(([name, error]) => [
        name,
        [isTimeout, isReadTimeout, isNetworkError, isHTTPStatusError, isAborted, isSkeinError].map(is =>
          is(error),
        ),
      ]),
    );
    expect(told).toEqual({
      timeout: [true, true, false, false, false, true],
      network: [false, false, true, false, false, true],
      status: [false, false, false, true, false, true],
      aborted: [false, false, false, false, true, true],
    });
  });

  test("know the errors of another installed copy, which instanceof does not", async () => {
    const specifier = "../src/core/errors.ts?another-copy";
    const copy = (await import(specifier)) as typeof errors;
    const error = new copy.ReadTimeout("READ_TIMEOUT", "no byte");
    expect(error instanceof TimeoutError).toBe(false);
    expect([isTimeout(error), isReadTimeout(error), isSkeinError(error), isNetworkError(error)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test.each([undefined, null, "TimeoutError", new Error("x"), { name: "TimeoutError" }])(
    "%o is none of ours",
    value => {
      expect(Object.values(guards).filter(is => is(value))).toEqual([]);
    },
  );

  test("there is one for every class, and each class tells its own name", () => {
    const classes = Object.entries(errors).filter(
      ([, value]) => typeof value === "function" && value.prototype instanceof Error,
    );
    for (const [name, type] of classes) {
      const example: unknown = Object.create((type as { prototype: object }).prototype);
      expect((example as Error).name).toBe(name);
      const own = Object.entries({ isSkeinError, ...guards }).filter(([, is]) => is(example));
      const lineage = namesAbove(example as object);
      expect(own.length, `${name}: ${own.map(([guard]) => guard)}`).toBe(lineage.length);
    }
    expect(classes.length).toBe(Object.keys(guards).length + 1);
  });

  test("are type predicates, and leave the others where they say no", () => {
    const read = (error: unknown): ErrorCode | number | undefined => {
      if (isTimeout(error)) {
        expectTypeOf(error).toEqualTypeOf<TimeoutError>();
        expectTypeOf(error.code).extract<"DNS_FAILED">().toBeNever();
        return error.code;
      }
      if (isHTTPStatusError(error)) {
        expectTypeOf(error).toEqualTypeOf<HTTPStatusError<Response>>();
        return error.response.status;
      }
      if (!isSkeinError(error)) return undefined;
      if (isNetworkError(error)) return error.code;
      expectTypeOf(error).toEqualTypeOf<SkeinError>();
      return isInvalidOption(error) ? error.code : error.phase === "send" ? error.code : undefined;
    };
    expectTypeOf<ReadTimeout>().not.toExtend<TotalTimeout>();
    expect(read(new errors.DnsError("DNS_FAILED", "no such host"))).toBe("DNS_FAILED");
  });
});

function namesAbove(error: object): string[] {
  const names: string[] = [];
  for (let type = Object.getPrototypeOf(error); type !== Error.prototype; type = Object.getPrototypeOf(type))
    names.push(type.name);
  return names;
}

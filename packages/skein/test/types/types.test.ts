import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@skein/testkit";
import ts from "typescript";

/**
 * The types are part of the product: the fixtures compile, each `@ts-expect-error` in them included, and they stop
 * compiling when a type of the sources is loosened.
 */

const root = resolve(import.meta.dirname, "../../../..");
const fixtures = readdirSync(join(import.meta.dirname, "fixtures")).map(name =>
  join(import.meta.dirname, "fixtures", name),
);
const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile).config,
  ts.sys,
  root,
);
const host = ts.createCompilerHost(options);
let previous: ts.Program | undefined;

interface Loosening {
  /** Below src/. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** What the compiler says of the fixtures, as "file: code"; with one source changed, if one is given. */
function compile(loosened?: Loosening): string[] {
  const program = ts.createProgram({
    rootNames: fixtures,
    options,
    host: loosened === undefined ? host : withSource(loosened),
    ...(previous === undefined ? {} : { oldProgram: previous }),
  });
  previous ??= program;
  return fixtures
    .map(path => program.getSourceFile(path)!)
    .flatMap(source => program.getSemanticDiagnostics(source))
    .map(({ file, code }) => `${file?.fileName.slice(import.meta.dirname.length + 10)}: ${code}`);
}

function withSource({ file, from, to }: Loosening): ts.CompilerHost {
  const path = join(root, "packages/skein/src", file);
  return {
    ...host,
    getSourceFile(name, version) {
      if (resolve(name) !== path) return previous?.getSourceFile(name) ?? host.getSourceFile(name, version);
      const text = ts.sys.readFile(path)!;
      expect(text, "what is to be loosened").toContain(from);
      return ts.createSourceFile(name, text.replaceAll(from, to), version);
    },
  };
}

describe("the types", { timeout: 120_000 }, () => {
  test("are what they are said to be", () => {
    expect(compile()).toEqual([]);
  });

  test.each<[what: string, expected: string, loosening: Loosening]>([
    [
      "json() of a response is any",
      "json.ts: 2578",
      {
        file: "core/response.ts",
        from: "json<T = unknown>(): NoInfer<T>",
        to: "json<T = any>(): NoInfer<T>",
      },
    ],
    [
      "json() of a response is what it is assigned to",
      "json.ts: 2578",
      { file: "core/response.ts", from: "(): NoInfer<T>", to: "(): T" },
    ],
    [
      "json() of a call is what it is assigned to",
      "json.ts: 2578",
      { file: "client/response-promise.ts", from: "Promise<NoInfer<T>>", to: "Promise<T>" },
    ],
    [
      "json(schema) of a call is not the schema's",
      "json.ts: 2554",
      {
        file: "client/response-promise.ts",
        from: "json<T>(schema: StandardSchema<T>): CallPromise<T>",
        to: "json(schema: StandardSchema): CallPromise<any>",
      },
    ],
    [
      "what gather returns is not of the calls' types",
      "gather.ts: 2554",
      {
        file: "batch/gather.ts",
        from: "type Gathered<C> = C extends Gatherable<infer T> ? Awaited<T> : never;",
        to: "type Gathered<C> = C extends Gatherable<infer _> ? any : never;",
      },
    ],
    [
      "an outcome of gather.settled has a value though it failed",
      "gather.ts: 2578",
      {
        file: "batch/gather.ts",
        from: "PromiseSettledResult<Gathered<C[K]>>",
        to: "{ value: Gathered<C[K]> }",
      },
    ],
    [
      "two bodies are taken",
      "bodies.ts: 2578",
      {
        file: "client/request-body.ts",
        from: "export type BodyOptions = { [Name in keyof Bodies]-?: OnlyBody<Name> }[keyof Bodies]",
        to: "export type BodyOptions = Bodies",
      },
    ],
    [
      "two bodies are taken by requests that are built, and those of batches",
      "bodies.ts: 2578",
      {
        file: "client/send-options.ts",
        from: "OfTheCall> & BodyOptions",
        to: "OfTheCall> & Record<string, unknown>",
      },
    ],
    [
      "a code is any text",
      "errors.ts: 2554",
      { file: "core/errors.ts", from: "readonly code: ErrorCode;", to: "readonly code: string;" },
    ],
    [
      "a code changes",
      "errors.ts: 2578",
      { file: "core/errors.ts", from: "readonly code: ErrorCode;", to: "code: ErrorCode;" },
    ],
    [
      "the guard says nothing",
      "errors.ts: 18046",
      { file: "core/errors.ts", from: "value is SkeinError", to: "boolean" },
    ],
    [
      "a hook gives anything",
      "hooks.ts: 2578",
      {
        file: "core/hooks.ts",
        from: "Request | void | Promise<Request | void>",
        to: "unknown",
      },
    ],
    [
      "a task that failed may have a value",
      "tasks.ts: 2578",
      {
        file: "batch/task.ts",
        from: 'readonly state: "failed";',
        to: 'readonly state: "failed"; readonly value: unknown;',
      },
    ],
    [
      "a state is any text",
      "tasks.ts: 2339",
      { file: "batch/task.ts", from: 'readonly state: "cancelled";', to: "readonly state: string;" },
    ],
    [
      "send() does not tell a stream from a response",
      "tasks.ts: 2554",
      {
        file: "client/client.ts",
        from: "send(request: Request, options: SendOptions & { stream: true }): Promise<StreamResponse>;",
        to: "",
      },
    ],
  ])("would be found loosened: %s", (_what, expected, loosening) => {
    expect(compile(loosening)).toContain(expected);
  });
});

import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { FileError, UsageError } from "../exit-code.ts";

/** A request body, and the content type that goes with the flag it was given by. */
export interface BodyArgument {
  readonly content: Uint8Array;
  readonly contentType: string;
}

/**
 * The body of `-d` (a form, as in curl, unless -H says otherwise) or of `--json`; `@file` reads a file as it is, `@-`
 * standard input.
 */
export async function readBody(flags: { data?: string; json?: string }): Promise<BodyArgument | undefined> {
  if (flags.data !== undefined && flags.json !== undefined) {
    throw new UsageError("-d, --data and --json each give a body; a request has one: leave one of them out");
  }
  if (flags.data !== undefined) {
    const content = await contentOf("-d, --data", flags.data);
    return { content, contentType: "application/x-www-form-urlencoded" };
  }
  if (flags.json !== undefined) {
    return { content: checkedJson(await contentOf("--json", flags.json)), contentType: "application/json" };
  }
  return undefined;
}

/** Whether the body is to be read from standard input, so that nothing else can be. */
export function bodyIsStdin(flags: { data?: string; json?: string }): boolean {
  return flags.data === "@-" || flags.json === "@-";
}

async function contentOf(flag: string, text: string): Promise<Uint8Array> {
  if (!text.startsWith("@")) return new TextEncoder().encode(text);
  const path = text.slice(1);
  if (path === "") throw new UsageError(`${flag}: expected a file name after @, or - for standard input`);
  try {
    return await (path === "-" ? buffer(process.stdin) : readFile(path));
  } catch (error) {
    throw new FileError(`${flag}: can't read ${path}: ${(error as Error).message}`);
  }
}

function checkedJson(content: Uint8Array): Uint8Array {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
    return content;
  } catch (error) {
    throw new UsageError(`--json: not valid JSON: ${(error as Error).message}`);
  }
}

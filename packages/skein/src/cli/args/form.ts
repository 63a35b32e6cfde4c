import { readFileSync } from "node:fs";
import type { MultipartPart, MultipartValue } from "../../entry/node.ts";
import { FileError, UsageError } from "../exit-code.ts";

/** A part of a form, by its name. */
export type FormField = readonly [name: string, value: MultipartValue];

const FLAG = "-F, --form";

/**
 * `name=value`, `name=@file` (the file is sent) or `name=<file` (its text is the value); as in curl, `;type=…` and
 * `;filename=…` may follow.
 */
export function parseFormField(text: string): FormField {
  const equals = text.indexOf("=");
  // What stands there may be a secret.
  if (equals < 1)
    throw new UsageError(`${FLAG}: expected name=value or name=@file; there is no name in what was given`);
  const name = text.slice(0, equals);
  const { value, type, filename } = splitField(text.slice(equals + 1));
  const named = { ...(type && { type }), ...(filename && { filename }) };
  if (value.startsWith("@")) return [name, filePart(name, value.slice(1), named)];
  const content = value.startsWith("<") ? readText(name, value.slice(1)) : value;
  return [name, type === undefined && filename === undefined ? content : { content, ...named }];
}

function splitField(text: string): { value: string; type?: string; filename?: string } {
  const parts = /^(.*?)((?:;(?:type|filename)=[^;]*)*)$/s.exec(text)!;
  const facts = [...parts[2]!.matchAll(/;(type|filename)=([^;]*)/g)].map(([, key, value]) => [key, value]);
  return { value: parts[1]!, ...Object.fromEntries(facts) };
}

function filePart(name: string, path: string, named: Partial<MultipartPart>): MultipartPart {
  if (path === "") throw new UsageError(`${FLAG}: expected a file name after ${name}=@`);
  try {
    return {
      content: readFileSync(path === "-" ? 0 : path),
      filename: path.replace(/^.*[\\/]/s, ""),
      ...named,
    };
  } catch (error) {
    throw new FileError(`${FLAG}: can't read ${path}: ${(error as Error).message}`);
  }
}

function readText(name: string, path: string): string {
  if (path === "") throw new UsageError(`${FLAG}: expected a file name after ${name}=<`);
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    throw new FileError(`${FLAG}: can't read ${path}: ${(error as Error).message}`);
  }
}

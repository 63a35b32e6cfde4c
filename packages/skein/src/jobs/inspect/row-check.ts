import { createHash, hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { ItemState } from "../journal/journal-protocol.ts";

/** What is wrong with a line of an output; and how it counts, where that can be told. */
export interface CheckedRow {
  readonly problems: readonly string[];
  /** As an item of the journal counts: see `endingOf`. */
  readonly ending: string | undefined;
  /** Whether it had a body whose hash was compared. */
  readonly hasBody: boolean;
}

/** The name of the items that ended alike. */
export function endingOf(state: number, status: number | null, error: string | null): string {
  const name = Object.entries(ItemState).find(([, value]) => value === state)?.[0];
  return [name, status ?? "no status", error ?? "no error"].join(", ");
}

interface Row {
  readonly v?: unknown;
  readonly state?: unknown;
  readonly status?: unknown;
  readonly bytes?: unknown;
  readonly sha256?: unknown;
  readonly body?: unknown;
  readonly bodyBase64?: unknown;
  readonly path?: unknown;
  readonly error?: { readonly code?: unknown } | undefined;
}

const STATES: ReadonlySet<unknown> = new Set(["succeeded", "failed", "unknown"]);

/** @param directory what the paths in rows are relative to */
export async function checkRow(line: Buffer, directory: string): Promise<CheckedRow> {
  const row = parsed(line);
  if (row === undefined)
    return { problems: ["is not a row: no object of JSON"], ending: undefined, hasBody: false };
  if (row.v !== 1) {
    const problem = `is a row of version ${JSON.stringify(row.v)}; this program knows version 1`;
    return { problems: [problem], ending: undefined, hasBody: false };
  }
  const state = STATES.has(row.state) ? ItemState[row.state as "succeeded"] : undefined;
  const problems =
    state === undefined ? [`has no state that a row can have: ${JSON.stringify(row.state)}`] : [];
  const body = await bodyOf(row, directory);
  if (body !== undefined) problems.push(...bodyProblems(row, body));
  const { status = null, error } = row;
  const ending =
    state === undefined
      ? undefined
      : endingOf(state, status as number | null, (error?.code ?? null) as string | null);
  return { problems, ending, hasBody: body !== undefined };
}

function parsed(line: Buffer): Row | undefined {
  try {
    const value: unknown = JSON.parse(line.toString("utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The body that stands in the row, or in the file that it names; or why it can't be read. */
type FoundBody = { readonly bytes: number; readonly sha256: string } | { readonly missing: string };

async function bodyOf({ body, bodyBase64, path }: Row, directory: string): Promise<FoundBody | undefined> {
  if (typeof body === "string") return hashed(Buffer.from(body));
  if (typeof bodyBase64 === "string") return hashed(Buffer.from(bodyBase64, "base64"));
  if (typeof path !== "string") return undefined;
  try {
    return await hashedFile(resolve(directory, path));
  } catch (error) {
    return { missing: `${path}: ${(error as Error).message}` };
  }
}

function hashed(bytes: Buffer): FoundBody {
  return { bytes: bytes.length, sha256: hash("sha256", bytes, "hex") };
}

async function hashedFile(path: string): Promise<FoundBody> {
  const sha256 = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    sha256.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: sha256.digest("hex") };
}

function bodyProblems(row: Row, body: FoundBody): string[] {
  if ("missing" in body) return [`names a body that can't be read: ${body.missing}`];
  const problems: string[] = [];
  if (row.bytes !== body.bytes)
    problems.push(`says that its body has ${row.bytes} bytes; it has ${body.bytes}`);
  if (row.sha256 !== body.sha256)
    problems.push(`has a body that is not the one of its SHA-256, ${row.sha256}`);
  return problems;
}

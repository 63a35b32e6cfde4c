import { hash } from "node:crypto";
import { isSecretName } from "../core/secret-names.ts";
import { findsItems } from "./found-items.ts";
import { JobError } from "./job-error.ts";
import type { BodyMode, JobOptions } from "./job-options.ts";
import { kindOfText, kindText, type OutputKind, outputKind } from "./sink/output-kind.ts";

/**
 * What the requests and rows of a job are made of, beside its list. It may not change while the job lasts, or its rows
 * would not mean the same. How fast, how patient and how often it tries may change.
 */
export interface Semantics {
  readonly method: string;
  /** By lower-case name; what looks like a credential as its hash. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The statuses that succeed, as ranges. */
  readonly accept: string;
  readonly bodies: string;
  /** What the output is, such as `csv+gzip`; left out by journals that knew lines of JSON only. */
  readonly output?: string;
  /** `custom`: a program makes them. Left out where they are the standard ones. */
  readonly rows?: "custom";
  /** Left out where nothing is. */
  readonly dedupe?: string;
  /** `custom`: a program finds items in answers. Left out where nothing is added. */
  readonly adds?: "custom";
}

/** What journals say that do not say it. */
const DEFAULTS: ReadonlyMap<string, string> = new Map([
  ["output", "jsonl"],
  ["rows", "standard"],
  ["dedupe", "none"],
  ["adds", "nothing"],
]);

/** What the output of a job is. */
export function outputKindOf({
  output,
  outputFormat,
}: Pick<JobOptions, "output" | "outputFormat">): OutputKind {
  return outputKind(output, outputFormat);
}

/** @param semantics as a journal has them */
export function recordedKind(semantics: string): OutputKind {
  const { output = "jsonl" } = JSON.parse(semantics) as Semantics;
  return kindOfText(output);
}

/** @param semantics as a journal has them */
export function hasCustomRows(semantics: string): boolean {
  return (JSON.parse(semantics) as Semantics).rows === "custom";
}

/** Rows of JSON have bodies in them; those of a table have not, and in a WARC file they stand beside the rows. */
export function bodyModeOf(options: Pick<JobOptions, "output" | "outputFormat" | "bodies">): BodyMode {
  const { format } = outputKindOf(options);
  if (format === "jsonl" || format === "parquet") return options.bodies ?? "inline";
  if (options.bodies !== "inline") return options.bodies ?? "none";
  throw new TypeError(
    `bodies: an output of the kind "${format}" has none in its rows; give a directory, or "none"`,
  );
}

export function semanticsOf(options: JobOptions): Semantics {
  return {
    method: options.method?.toUpperCase() ?? "GET",
    headers: headersOf(options.headers ?? {}),
    body: options.body === undefined ? "none" : fingerprint(options.body),
    accept: options.accept === undefined ? "200-299" : acceptedRanges(options.accept),
    bodies: describeBodies(bodyModeOf(options)),
    output: kindText(outputKindOf(options)),
    ...(options.row === undefined ? undefined : { rows: "custom" }),
    ...(options.dedupe === undefined ? undefined : { dedupe: options.dedupe }),
    ...(findsItems(options) ? { adds: "custom" } : undefined),
  };
}

/** @throws JobError JOB_DIFFERS naming each difference */
export function requireSame(begun: Semantics, now: Semantics, output: string): void {
  const differences = (
    ["method", "headers", "body", "accept", "bodies", "output", "rows", "dedupe", "adds"] as const
  ).flatMap(name =>
    name === "headers"
      ? headerDifferences(begun.headers, now.headers)
      : difference(name, begun[name] ?? DEFAULTS.get(name), now[name] ?? DEFAULTS.get(name)),
  );
  if (differences.length === 0) return;
  throw new JobError(
    "JOB_DIFFERS",
    `${output} was begun as another job: ${differences.join("; ")}. Give this one another output, or begin anew`,
    { path: output },
  );
}

function difference(name: string, begun: string | undefined, now: string | undefined): string[] {
  return begun === now ? [] : [`${name} was ${begun ?? "not given"}, is ${now ?? "not given"}`];
}

function headerDifferences(begun: Semantics["headers"], now: Semantics["headers"]): string[] {
  const names = new Set([...Object.keys(begun), ...Object.keys(now)]);
  return [...names].flatMap(name => difference(`the header ${name}`, begun[name], now[name]));
}

function headersOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  // Sorted: the order in which they were given says nothing.
  const pairs = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), isSecretName(name) ? fingerprint(value) : value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(pairs);
}

function fingerprint(text: string): string {
  return `sha256:${hash("sha256", text, "hex").slice(0, 16)}`;
}

/** A function can't be compared, but it can be asked. */
function acceptedRanges(accept: (status: number) => boolean): string {
  const ranges: string[] = [];
  for (let status = 100, first = 0; status <= 600; status++) {
    const isAccepted = status < 600 && accept(status);
    if (isAccepted && first === 0) first = status;
    if (isAccepted || first === 0) continue;
    ranges.push(first === status - 1 ? `${first}` : `${first}-${status - 1}`);
    first = 0;
  }
  return ranges.join(",");
}

function describeBodies(bodies: BodyMode): string {
  return typeof bodies === "string" ? bodies : `directory ${bodies.directory}`;
}

import { checkedUrl, LineProblem } from "./checked-url.ts";
import type { JobRequest, SourceItem } from "./source.ts";

const FIELDS = new Set(["id", "url", "method", "headers", "body", "json", "meta"]);
/** RFC 9110 §5.6.2: what a method and a field name are made of. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 §5.5: a field value holds none of these; CR and LF would begin another field. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const NOT_IN_VALUE = /[\u0000\r\n]/;

type Row = Readonly<Record<string, unknown>>;

/**
 * A line that is a JSON object: `{id?, url, method?, headers?, body?|json?, meta?}`.
 *
 * @throws LineProblem when it is not, saying which field is wrong
 */
export function parseRow(text: string): Pick<SourceItem, "id" | "meta" | "request"> {
  const row = parseObject(text);
  const unknown = Object.keys(row).find(name => !FIELDS.has(name));
  if (unknown !== undefined) {
    throw new LineProblem(
      `unknown field ${JSON.stringify(unknown)}; the fields are ${[...FIELDS].join(", ")}`,
    );
  }
  const id = rowId(row.id);
  return {
    request: rowRequest(row),
    ...(id === undefined ? undefined : { id }),
    ...("meta" in row ? { meta: row.meta } : undefined),
  };
}

function parseObject(text: string): Row {
  try {
    return JSON.parse(text) as Row;
  } catch (error) {
    throw new LineProblem(`not valid JSON: ${jsonProblem(error)}`);
  }
}

/** The engine's message without its quotation of the line, which may hold a credential, and without "line 1". */
function jsonProblem(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/(?: in JSON)? at position \d+ \(line 1 (column \d+)\)/, " at $1")
    .replace(/, (?:\.{3})?".*$/s, "");
}

function rowId(id: unknown): string | number | undefined {
  if (id === undefined || id === null) return undefined;
  // JSON may hold 1e400, which is Infinity, and can't be written down again.
  if (typeof id === "string" || Number.isFinite(id)) return id as string | number;
  throw new LineProblem(`"id" must be a string or a number; got ${typeof id === "number" ? id : kindOf(id)}`);
}

function rowRequest(row: Row): JobRequest {
  if (typeof row.url !== "string") {
    throw new LineProblem(
      row.url === undefined ? 'no "url"' : `"url" must be a string; got ${kindOf(row.url)}`,
    );
  }
  const url = checkedUrl(row.url.trim());
  const method = rowMethod(row.method);
  const body = rowBody(row);
  const headers = rowHeaders(row.headers, row.json !== undefined);
  return {
    url,
    ...(method === undefined ? undefined : { method }),
    ...(headers === undefined ? undefined : { headers }),
    ...(body === undefined ? undefined : { body }),
  };
}

function rowMethod(method: unknown): string | undefined {
  if (method === undefined) return undefined;
  if (typeof method === "string" && TOKEN.test(method)) return method.toUpperCase();
  throw new LineProblem(`"method" must be a name such as "POST"; got ${shown(method)}`);
}

function rowBody(row: Row): string | undefined {
  const { body, json } = row;
  if (body !== undefined && json !== undefined) throw new LineProblem('either "body" or "json", not both');
  if (json !== undefined) return JSON.stringify(json);
  if (body === undefined || typeof body === "string") return body;
  throw new LineProblem(`"body" must be a string; got ${kindOf(body)}; "json" takes any value`);
}

function rowHeaders(headers: unknown, isJson: boolean): Record<string, string> | undefined {
  if (headers === undefined) return isJson ? { "content-type": "application/json" } : undefined;
  if (kindOf(headers) !== "an object")
    throw new LineProblem(`"headers" must be an object; got ${kindOf(headers)}`);
  // No prototype: a field may be called `__proto__`.
  const checked: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers as Row))
    checked[checkedName(name)] = checkedValue(name, value);
  const hasType = Object.keys(checked).some(name => name.toLowerCase() === "content-type");
  if (isJson && !hasType) checked["content-type"] = "application/json";
  return checked;
}

function checkedName(name: string): string {
  if (TOKEN.test(name)) return name;
  throw new LineProblem(`not a header name: ${shown(name)}`);
}

function checkedValue(name: string, value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string")
    throw new LineProblem(`the header ${name} must be a string; got ${kindOf(value)}`);
  if (NOT_IN_VALUE.test(value))
    throw new LineProblem(`the value of the header ${name} holds a line break or a NUL`);
  return value;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

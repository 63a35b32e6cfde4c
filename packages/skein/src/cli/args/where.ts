import type { JobEnding, JobRow } from "../../entry/jobs.ts";
import { expected, UsageError } from "../exit-code.ts";

/** Whether a row is wanted. */
export type Where<T = JobRow> = (row: T) => boolean;

/** What conditions can look at, by name. */
type Fields<T> = Readonly<Record<string, (row: T) => string | number | null>>;

const ROW_FIELDS: Fields<JobRow> = {
  id: row => row.id,
  url: row => row.url,
  finalUrl: row => row.finalUrl,
  state: row => row.state,
  status: row => row.status,
  attempts: row => row.attempts,
  bytes: row => row.bytes,
  contentType: row => row.contentType,
  served: row => row.timings?.served ?? null,
  error: row => row.error?.code ?? null,
  message: row => row.error?.message ?? null,
};

const ENDING_FIELDS: Fields<JobEnding> = {
  state: ending => ending.state,
  status: ending => ending.status,
  error: ending => ending.error,
};

/** These are compared as numbers, all others as texts. */
const NUMERIC: ReadonlySet<string> = new Set(["status", "attempts", "bytes", "served"]);

const CONDITION = /^\s*([a-z]+)\s*(!=|<=|>=|=|<|>|~)\s*(.*?)\s*$/is;
const EXAMPLE = "conditions such as status=429, status>=500, state=failed or error=READ_TIMEOUT";

/** All of several conditions on a row, separated by commas: `status>=500,url~example.com`. */
export function parseWhere(flag: string, text: string): Where {
  return parseConditions(flag, text, ROW_FIELDS);
}

/** The same, on how an item ended: `status=429`, `error=READ_TIMEOUT`. */
export function parseWhereEnded(flag: string, text: string): Where<JobEnding> {
  return parseConditions(flag, text, ENDING_FIELDS);
}

function parseConditions<T>(flag: string, text: string, fields: Fields<T>): Where<T> {
  const conditions = partsOf(text).map(part => parseCondition(flag, part, fields));
  return row => conditions.every(holds => holds(row));
}

/** A comma within quotes separates nothing. */
function partsOf(text: string): string[] {
  return text.match(/(?:"[^"]*"|[^,"])+|(?<=,)(?=,|$)|^(?=,|$)/g) ?? [text];
}

function parseCondition<T>(flag: string, part: string, fields: Fields<T>): Where<T> {
  const [, name, operator, value] = CONDITION.exec(part) ?? [];
  if (name === undefined) throw expected(flag, EXAMPLE, part);
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) {
    throw new UsageError(`${flag}: there is no field "${name}"; known: ${Object.keys(fields).join(", ")}`);
  }
  const wanted = unquoted(value!);
  if (wanted === "none" && (operator === "=" || operator === "!=")) {
    return row => (field(row) === null) === (operator === "=");
  }
  const compares = NUMERIC.has(name)
    ? numberTest(flag, { name, operator: operator!, value: wanted })
    : textTest(flag, { name, operator: operator!, value: wanted });
  return row => {
    const found = field(row);
    return found === null ? operator === "!=" : compares(found);
  };
}

function unquoted(value: string): string {
  return /^".*"$/s.test(value) ? value.slice(1, -1) : value;
}

interface Condition {
  readonly name: string;
  readonly operator: string;
  readonly value: string;
}

type Test = (found: string | number) => boolean;

function numberTest(flag: string, { name, operator, value }: Condition): Test {
  const group = name === "status" ? /^([1-5])xx$/i.exec(value)?.[1] : undefined;
  if (group !== undefined && (operator === "=" || operator === "!=")) {
    const from = Number(group) * 100;
    return found => (Number(found) >= from && Number(found) < from + 100) === (operator === "=");
  }
  const wanted = Number(value);
  if (value === "" || Number.isNaN(wanted)) throw expected(flag, `a number for ${name}`, value);
  switch (operator) {
    case "=":
      return found => found === wanted;
    case "!=":
      return found => found !== wanted;
    case "<":
      return found => Number(found) < wanted;
    case "<=":
      return found => Number(found) <= wanted;
    case ">":
      return found => Number(found) > wanted;
    case ">=":
      return found => Number(found) >= wanted;
    default:
      throw new UsageError(`${flag}: ${name} is a number; expected =, !=, <, <=, > or >=, got ${operator}`);
  }
}

function textTest(flag: string, { name, operator, value }: Condition): Test {
  const lower = value.toLowerCase();
  switch (operator) {
    case "=":
      return found => String(found) === value;
    case "!=":
      return found => String(found) !== value;
    case "~":
      return found => String(found).toLowerCase().includes(lower);
    default:
      throw new UsageError(`${flag}: ${name} is a text; expected =, != or ~ (contains), got ${operator}`);
  }
}

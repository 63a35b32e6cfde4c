import { expected } from "../exit-code.ts";

/** Whether a status is in the set. */
export type StatusSet = (status: number) => boolean;

type Range = readonly [from: number, to: number];

/** Which statuses are a success: `2xx,404,200-299`, with or without spaces. */
export function parseStatusSet(flag: string, text: string): StatusSet {
  const ranges = text.split(",").map(part => classRange(part.trim()) ?? numericRange(part.trim()));
  const valid = ranges.filter(range => range !== undefined && range[0] <= range[1]) as Range[];
  if (valid.length === ranges.length)
    return status => valid.some(([from, to]) => status >= from && status <= to);
  throw expected(flag, "statuses, classes and ranges from 200 to 599, such as 2xx,404 or 200-299,304", text);
}

function classRange(part: string): Range | undefined {
  const digit = /^([2-5])xx$/i.exec(part)?.[1];
  return digit === undefined ? undefined : [Number(digit) * 100, Number(digit) * 100 + 99];
}

function numericRange(part: string): Range | undefined {
  const match = /^([2-5]\d\d)(?:\s*-\s*([2-5]\d\d))?$/.exec(part);
  return match === null ? undefined : [Number(match[1]), Number(match[2] ?? match[1])];
}

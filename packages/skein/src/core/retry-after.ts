/** The three forms of an HTTP-date (RFC 9110 §5.6.7): a recipient takes all, a sender makes only the first. */
const HTTP_DATES = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/,
  // Sunday, 06-Nov-94 08:49:37 GMT
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/,
  // Sun Nov  6 08:49:37 1994
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/,
];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** The longest of the forms has 33 characters: what is longer can only be seconds. */
const LONGEST_DATE = 40;

/**
 * What a Retry-After field asks for, in milliseconds (RFC 9110 §10.2.3): a number of seconds or an HTTP-date. Undefined
 * when it is neither, when the date has passed, and for `0`: "at once" is no advice, and followed by thousands of
 * clients it is an attack.
 *
 * @param value the field's value
 * @param wallNow milliseconds since the Unix epoch; what a date is compared with
 */
export function parseRetryAfter(value: string | null | undefined, wallNow: number): number | undefined {
  if (!value) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1_000 : (parseHttpDate(value) ?? wallNow) - wallNow;
  return wait > 0 ? Math.min(wait, Number.MAX_SAFE_INTEGER) : undefined;
}

/** Milliseconds since the Unix epoch. `Date.parse` would take far more than HTTP allows: "5 apples", say. */
function parseHttpDate(value: string): number | undefined {
  if (value.length > LONGEST_DATE) return undefined;
  for (const form of HTTP_DATES) {
    const parts = form.exec(value)?.groups;
    if (parts !== undefined) return timeOf(parts as Record<"day" | "month" | "year" | "time", string>);
  }
  return undefined;
}

function timeOf(parts: Record<"day" | "month" | "year" | "time", string>): number | undefined {
  const month = MONTHS.indexOf(parts.month);
  const day = Number(parts.day);
  const [hour, minute, second] = parts.time.split(":").map(Number) as [number, number, number];
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return undefined;
  const time = Date.UTC(fullYear(parts.year), month, day, hour, minute, second);
  // 31 Feb would silently become a day of March.
  return new Date(time - second * 1_000).getUTCDate() === day ? time : undefined;
}

/** Two digits stand for a year that is not far in the future; the form died out with the last century. */
function fullYear(year: string): number {
  if (year.length === 4) return Number(year);
  return Number(year) + (Number(year) < 70 ? 2000 : 1900);
}

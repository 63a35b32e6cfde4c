import { expected } from "../exit-code.ts";

const RATE = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)?(?:ms|s|min|m|h|d)$/;

/** So many a time, as the library takes it: `100/s`, `5/2s`, `6000/min`. */
export function parseRateFlag(flag: string, text: string): string {
  const [, count, periods = "1"] = RATE.exec(text) ?? [];
  if (Number(count) > 0 && Number(periods) > 0) return text;
  throw expected(flag, "so many a time, such as 100/s, 5/2s or 6000/min", text);
}

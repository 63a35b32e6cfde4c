import type { LimitChanges } from "../protocol.ts";

/** As they stand in the form. */
export interface LimitFields {
  readonly concurrency: string;
  readonly perOrigin: string;
  readonly rate: string;
  readonly perOriginRate: string;
}

const MOST = 10_000;

/** What is to be changed, or what is wrong with what was typed. Rates are the server's to judge. */
export function readLimits(fields: LimitFields, inForce: LimitFields): LimitChanges | string {
  const changed = (name: keyof LimitFields) => fields[name].trim() !== inForce[name];
  const concurrency = readCount(fields.concurrency);
  if (changed("concurrency") && concurrency === undefined)
    return `At once: expected a number from 1 to ${MOST}.`;
  const perOrigin = fields.perOrigin.trim() === "auto" ? "auto" : readCount(fields.perOrigin);
  if (changed("perOrigin") && perOrigin === undefined)
    return `To one host: expected a number from 1 to ${MOST}, or auto.`;
  const changes: LimitChanges = {
    ...(changed("concurrency") && { concurrency: concurrency! }),
    ...(changed("perOrigin") && { perOrigin: perOrigin! }),
    ...(changed("rate") && { rate: fields.rate.trim() || null }),
    ...(changed("perOriginRate") && { perOriginRate: fields.perOriginRate.trim() || null }),
  };
  return Object.keys(changes).length === 0 ? "Nothing was changed." : changes;
}

function readCount(text: string): number | undefined {
  const value = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  return value >= 1 && value <= MOST ? value : undefined;
}

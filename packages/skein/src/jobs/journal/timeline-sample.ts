import type { Histogram } from "../../entry/figures.ts";

/** What a job did in a stretch of its time, mostly a second. */
export interface TimelineSample {
  /** When the run began that it is of, and when the stretch did: milliseconds since the Unix epoch. */
  readonly run: number;
  readonly at: number;
  /** How long it was. */
  readonly ms: number;
  /** Attempts that ended in it, and bytes of their decoded bodies. */
  readonly requests: number;
  readonly bytes: number;
  /** Items that ended in it. */
  readonly succeeded: number;
  readonly failed: number;
  /** At its end: requests in flight, tasks that wait, and how many there may be in flight. */
  readonly running: number;
  readonly waiting: number;
  readonly concurrency: number | null;
  /** How long attempts took, of the items that ended in it: see `latencyBlob`. */
  readonly latency: Uint8Array;
  /** At its end, of the origins that have the most to do. */
  readonly origins: readonly {
    readonly origin: string;
    readonly running: number;
    readonly concurrency: number;
  }[];
}

/** Bits of a number that say which bucket it is; the others are its count. */
const BUCKET_BITS = 10;
const MOST = 2 ** (32 - BUCKET_BITS) - 1;

/** A histogram in the bytes of a journal: 32 bits for each bucket that is not empty, the lowest byte first. */
export function latencyBlob(latency: Histogram): Uint8Array {
  const numbers = [...latency.buckets()].map(
    ([bucket, count]) => Math.min(MOST, count) * 2 ** BUCKET_BITS + bucket,
  );
  const bytes = new Uint8Array(numbers.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, number] of numbers.entries()) view.setUint32(index * 4, number, true);
  return bytes;
}

/** Adds what `latencyBlob` has made of another one. */
export function addLatency(latency: Histogram, blob: Uint8Array): void {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  for (let at = 0; at + 4 <= blob.byteLength; at += 4) {
    const number = view.getUint32(at, true);
    latency.addBucket(number % 2 ** BUCKET_BITS, Math.floor(number / 2 ** BUCKET_BITS));
  }
}

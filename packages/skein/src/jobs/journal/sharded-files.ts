import { dirname } from "node:path";
import { JobError } from "../job-error.ts";
import { shardPath } from "../sink/shards.ts";
import type { Files } from "./files.ts";

/** The others are files of their own, whatever their names. */
const SHARDED_SUFFIXES = ["", ".rewrite"];

/** What is written at once goes into one shard: pieces of a quarter keep it near its size. */
const PIECES = 4;
const LEAST_PIECE_BYTES = 16_384;

interface Shard {
  readonly path: string;
  size: number;
  file: number | undefined;
  isSynced: boolean;
}

/**
 * Makes of an output in many files one: `out-{shard}.jsonl` can be read, cut back and appended to as if its shards stood one after the
 * other in one file. A shard is begun where the one before it has reached its size, and never within what is written at once.
 */
export class ShardedFiles implements Files {
  #shardBytes = Number.POSITIVE_INFINITY;
  /** The least of what it has been: before a run it is what the one before had. */
  #leastShardBytes = Number.POSITIVE_INFINITY;
  readonly #files: Files;
  readonly #output: string;
  /** Opened as one, by a number below zero: no file has such a one. */
  readonly #open = new Map<number, { readonly path: string; readonly shards: Shard[] }>();
  #lastHandle = 0;

  constructor(files: Files, output: string) {
    this.#files = files;
    this.#output = output;
  }

  /** Bytes of a shard at which the next one is begun. */
  begunAt(bytes: number): void {
    this.#shardBytes = bytes;
    this.#leastShardBytes = Math.min(this.#leastShardBytes, bytes);
  }

  /** How much to write at once at most, where it is more than a few rows: none of that is divided. */
  get pieceBytes(): number {
    return Math.max(LEAST_PIECE_BYTES, Math.floor(this.#shardBytes / PIECES));
  }

  /** The size of each shard of the output that is there. */
  get sizes(): readonly number[] {
    const opened = [...this.#open.values()].find(({ path }) => path === this.#output);
    return (opened?.shards ?? this.#found(this.#output)).map(({ size }) => size);
  }

  /**
   * Compares the shards with what the journal knows of them; the last may be longer.
   *
   * @throws JobError OUTPUT_CHANGED naming the one that differs
   */
  requireSizes(known: readonly number[]): void {
    const found = this.#found(this.#output);
    const differs = known.findIndex((size, index) => {
      const is = found[index]?.size ?? 0;
      return index === known.length - 1 ? is < size : is !== size;
    });
    if (differs < 0) return this.#requireNoOther(known.length);
    const path = shardPath(this.#output, differs + 1);
    const is = found[differs] === undefined ? "is gone" : `has ${found[differs].size} bytes`;
    const message = `${path} ${is}; the journal knows ${known[differs]}: it was moved or edited since the job wrote it; put it back, or begin anew`;
    throw new JobError("OUTPUT_CHANGED", message, { path });
  }

  /** Behind one that is not full no other was begun. */
  #requireNoOther(known: number): void {
    const others = this.#numbers(this.#output).filter(number => number > known);
    const last = this.#found(this.#output)[known - 1];
    if (others.length === 0 || (last !== undefined && last.size >= this.#leastShardBytes)) return;
    const path = shardPath(this.#output, others[0]!);
    const message = `${path} stands where the output goes on, and no job wrote it: move it away`;
    throw new JobError("FILE_NOT_OURS", message, { path });
  }

  open(path: string): number {
    if (!this.#isSharded(path)) return this.#files.open(path);
    const shards = this.#found(path);
    if (shards.length === 0) shards.push(this.#begin(path, 1));
    this.#lastHandle -= 1;
    this.#open.set(this.#lastHandle, { path, shards });
    return this.#lastHandle;
  }

  size(path: string): number | undefined {
    if (!this.#isSharded(path)) return this.#files.size(path);
    const shards = this.#found(path);
    return shards.length === 0 ? undefined : total(shards);
  }

  exists(path: string): boolean {
    if (!this.#isSharded(path)) return this.#files.exists(path);
    return this.#numbers(path).length > 0;
  }

  read(file: number, into: Uint8Array, position: number): number {
    const opened = this.#open.get(file);
    if (opened === undefined) return this.#files.read(file, into, position);
    let start = 0;
    for (const shard of opened.shards) {
      const offset = position - start;
      start += shard.size;
      if (offset >= shard.size) continue;
      const wanted = into.subarray(0, Math.min(into.length, shard.size - offset));
      const read = this.#files.read(this.#fileOf(shard), wanted, offset);
      if (read === 0 || read === into.length) return read;
      return read + this.read(file, into.subarray(read), position + read);
    }
    return 0;
  }

  write(file: number, bytes: Uint8Array, position: number): void {
    const opened = this.#open.get(file);
    if (opened === undefined) return this.#files.write(file, bytes, position);
    const { path, shards } = opened;
    if (position !== total(shards))
      throw new Error(`${path} has ${total(shards)} bytes, and is only appended to; not at ${position}`);
    if (this.#isFull(shards.at(-1)!)) shards.push(this.#begin(path, shards.length + 1));
    const shard = shards.at(-1)!;
    shard.isSynced = false;
    this.#files.write(this.#fileOf(shard), bytes, shard.size);
    shard.size += bytes.length;
  }

  sync(file: number): void {
    const opened = this.#open.get(file);
    if (opened === undefined) return this.#files.sync(file);
    for (const shard of opened.shards.filter(({ isSynced }) => !isSynced)) {
      this.#files.sync(this.#fileOf(shard));
      shard.isSynced = true;
    }
    for (const shard of opened.shards.slice(0, -1)) this.#closeShard(shard);
  }

  truncate(file: number, length: number): void {
    const opened = this.#open.get(file);
    if (opened === undefined) return this.#files.truncate(file, length);
    const { shards } = opened;
    // From the end: what a killed process leaves has no gap.
    while (shards.length > 1 && total(shards.slice(0, -1)) >= length) this.#drop(shards.pop()!);
    const last = shards.at(-1)!;
    const rest = length - total(shards.slice(0, -1));
    if (rest >= last.size) return;
    this.#files.truncate(this.#fileOf(last), rest);
    last.size = rest;
    last.isSynced = false;
  }

  close(file: number): void {
    const opened = this.#open.get(file);
    if (opened === undefined) return this.#files.close(file);
    this.#open.delete(file);
    for (const shard of opened.shards) this.#closeShard(shard);
  }

  /** Called again after a crash, it goes on: the shards that are left are renamed. */
  rename(from: string, to: string): void {
    if (!this.#isSharded(from)) return this.#files.rename(from, to);
    const numbers = this.#numbers(from);
    for (const number of numbers) this.#files.rename(shardPath(from, number), shardPath(to, number));
    const surplus = this.#numbers(to).filter(number => number > numbers.at(-1)!);
    for (const number of surplus.reverse()) this.#files.remove(shardPath(to, number));
  }

  remove(path: string): void {
    if (!this.#isSharded(path)) return this.#files.remove(path);
    for (const number of this.#numbers(path).reverse()) this.#files.remove(shardPath(path, number));
  }

  makeDirectory(path: string): void {
    this.#files.makeDirectory(path);
  }

  syncDirectory(path: string): void {
    this.#files.syncDirectory(path);
  }

  list(directory: string): readonly string[] {
    return this.#files.list(directory);
  }

  offsetIn(file: number, position: number): number {
    const opened = this.#open.get(file);
    if (opened === undefined) return this.#files.offsetIn(file, position);
    const last = opened.shards.at(-1)!;
    return this.#isFull(last) ? 0 : last.size;
  }

  parts(file: number, length: number): readonly number[] {
    const opened = this.#open.get(file);
    if (opened === undefined) return this.#files.parts(file, length);
    const parts: number[] = [];
    let rest = length;
    for (const { size } of opened.shards) {
      parts.push(Math.min(size, rest));
      rest -= Math.min(size, rest);
    }
    return parts.filter(part => part > 0);
  }

  #isSharded(path: string): boolean {
    return SHARDED_SUFFIXES.some(suffix => path === this.#output + suffix);
  }

  #isFull({ size }: Shard): boolean {
    return size > 0 && size >= this.#shardBytes;
  }

  /** Those that are there, from the first one without a gap. */
  #found(path: string): Shard[] {
    const shards: Shard[] = [];
    for (const number of this.#numbers(path)) {
      const shard = shardPath(path, number);
      const size = this.#files.size(shard);
      if (number !== shards.length + 1 || size === undefined) break;
      shards.push({ path: shard, size, file: undefined, isSynced: true });
    }
    return shards;
  }

  /** In their order. */
  #numbers(path: string): number[] {
    const [before, after] = shardPath(path, 0).split("00000");
    const names = this.#files.list(dirname(path)).map(name => `${dirname(path)}/${name}`);
    return names
      .filter(name => name.startsWith(before!) && name.endsWith(after!))
      .map(name => name.slice(before!.length, name.length - after!.length))
      .filter(
        digits => /^\d{5,}$/.test(digits) && shardPath(path, Number(digits)) === before + digits + after,
      )
      .map(Number)
      .filter(number => number > 0)
      .sort((a, b) => a - b);
  }

  #begin(path: string, number: number): Shard {
    const shard = shardPath(path, number);
    const file = this.#files.open(shard);
    // What stands there behind a gap was never a shard of this output.
    if ((this.#files.size(shard) ?? 0) > 0) this.#files.truncate(file, 0);
    this.#files.syncDirectory(dirname(path));
    return { path: shard, size: 0, file, isSynced: false };
  }

  #fileOf(shard: Shard): number {
    shard.file ??= this.#files.open(shard.path);
    return shard.file;
  }

  #drop(shard: Shard): void {
    this.#closeShard(shard);
    this.#files.remove(shard.path);
  }

  #closeShard(shard: Shard): void {
    if (shard.file === undefined) return;
    const { file } = shard;
    shard.file = undefined;
    this.#files.close(file);
  }
}

/** How much to write at once at most. */
export function pieceBytes(files: Files): number {
  return files instanceof ShardedFiles ? files.pieceBytes : Number.POSITIVE_INFINITY;
}

/** Of the files that the output is in, where it is in many. */
export function shardSizes(files: Files): readonly number[] | undefined {
  return files instanceof ShardedFiles ? files.sizes : undefined;
}

function total(shards: readonly Shard[]): number {
  return shards.reduce((sum, { size }) => sum + size, 0);
}

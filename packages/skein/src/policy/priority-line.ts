import { Fifo } from "../core/fifo.ts";

/**
 * A line in which the higher priority goes first, and who came first among equals. For a small number of priorities: one queue
 * of each that is, or was, in use.
 */
export class PriorityLine<T> {
  /** The highest first. */
  readonly #levels: { readonly priority: number; readonly line: Fifo<T> }[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T, priority: number): void {
    this.#lineOf(priority).push(item);
    this.#size += 1;
  }

  shift(): T | undefined {
    for (const { line } of this.#levels) {
      if (line.size === 0) continue;
      this.#size -= 1;
      return line.shift();
    }
    return undefined;
  }

  /** Lets go of all others. */
  keep(isKept: (item: T) => boolean): void {
    this.#size = 0;
    for (const { line } of this.#levels) {
      line.keep(isKept);
      this.#size += line.size;
    }
  }

  /** The first of each priority from `least` up, but for those that `isOver` says are to be forgotten. */
  *heads(least: number, isOver: (item: T) => boolean): IterableIterator<T> {
    for (const { priority, line } of this.#levels) {
      if (priority < least) return;
      for (let first = line.peek(); first !== undefined && isOver(first); first = line.peek()) {
        line.shift();
        this.#size -= 1;
      }
      const head = line.peek();
      if (head !== undefined) yield head;
    }
  }

  #lineOf(priority: number): Fifo<T> {
    const at = this.#levels.findIndex(level => level.priority <= priority);
    if (at !== -1 && this.#levels[at]!.priority === priority) return this.#levels[at]!.line;
    const line = new Fifo<T>();
    this.#levels.splice(at === -1 ? this.#levels.length : at, 0, { priority, line });
    return line;
  }
}

import { JSON_INTERVAL, renderJson, renderJsonNote } from "./render/json-progress.ts";
import { LiveRegion } from "./render/live-region.ts";
import type { Paint } from "./render/paint.ts";
import { PLAIN_INTERVAL, renderPlain } from "./render/plain-progress.ts";
import type { ProgressView } from "./render/progress-view.ts";
import { renderTty, TTY_INTERVAL } from "./render/tty-progress.ts";

export const PROGRESS_MODES = ["tty", "plain", "json", "none"] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

/** How progress comes onto a stream; one for each mode. */
interface ProgressStyle {
  readonly interval: number;
  draw(view: ProgressView): void;
  /** A line that stays. */
  note(line: string): void;
  clear(): void;
}

/** Shows a job while it runs, and lets other lines stand between. */
export class ProgressReporter {
  readonly #style: ProgressStyle;
  #timer: NodeJS.Timeout | undefined;

  /** @param stream where to: standard error */
  constructor(mode: ProgressMode, stream: NodeJS.WriteStream, paint: Paint) {
    this.#style = styleOf(mode, stream, paint);
  }

  start(read: () => ProgressView): void {
    if (this.#style.interval === Number.POSITIVE_INFINITY) return;
    this.#timer = setInterval(() => this.#style.draw(read()), this.#style.interval);
  }

  note(line: string): void {
    this.#style.note(line);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#style.clear();
  }
}

function styleOf(mode: ProgressMode, stream: NodeJS.WriteStream, paint: Paint): ProgressStyle {
  const note = (line: string) => void stream.write(`${line}\n`);
  const clear = () => undefined;
  switch (mode) {
    case "none":
      return { interval: Number.POSITIVE_INFINITY, draw: clear, note, clear };
    case "plain":
      return { interval: PLAIN_INTERVAL, draw: view => note(renderPlain(view)), note, clear };
    case "json":
      return {
        interval: JSON_INTERVAL,
        draw: view => note(renderJson(view)),
        note: line => note(renderJsonNote(line)),
        clear,
      };
    case "tty":
      return ttyStyle(stream, paint);
  }
}

function ttyStyle(stream: NodeJS.WriteStream, paint: Paint): ProgressStyle {
  const screen = {
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
    write: (text: string) => stream.write(text),
  };
  const region = new LiveRegion(screen);
  return {
    interval: TTY_INTERVAL,
    draw: view => region.draw(renderTty(view, screen.columns, paint)),
    note(line) {
      region.clear();
      stream.write(`${line}\n`);
    },
    clear: () => region.clear(),
  };
}

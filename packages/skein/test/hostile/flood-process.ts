import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What the client is to do, in its own process. */
export interface FloodTask {
  readonly ca: string;
  readonly http2: boolean;
  /** A server that does no harm. */
  readonly calm: string;
  /** The one that floods. */
  readonly url: string;
  readonly how: "buffered" | "streamed" | "downloaded";
  /** Where a download goes. */
  readonly file: string;
  /** Of the client; and the length of a body that is sent. */
  readonly options: FloodOptions;
}

export interface FloodOptions {
  readonly timeout?: number | Readonly<Record<string, number>>;
  readonly limits?: Readonly<Record<string, number>>;
  readonly cookies?: boolean;
  readonly body?: number;
}

/** How that went; memory in bytes. */
export interface FloodReport {
  /** The call: `ok`, or its error's code and phase. */
  readonly ended: string;
  readonly elapsed: number;
  /** Calls to the calm server, all the while. */
  readonly others: readonly string[];
  /** A further call to the server that has flooded. */
  readonly again: string;
  /** Resident at most, beyond what was when it began. */
  readonly peak: number;
  /** Still held when all is over, and the client is gone. */
  readonly kept: number;
  /** What nobody could have caught. */
  readonly escaped?: readonly string[];
}

/** A client in a process of its own. */
export class FloodProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<FloodProcess> {
    const script = fileURLToPath(new URL("flood-client.ts", import.meta.url));
    const child = fork(script, { execArgv: ["--no-warnings"] });
    await once(child, "message");
    return new FloodProcess(child);
  }

  async run(task: FloodTask): Promise<FloodReport> {
    const answer = once(this.#child, "message");
    const gone = once(this.#child, "exit").then(([code, signal]) => {
      throw new Error(`the client's process ended (${code ?? signal})`);
    });
    this.#child.send(task);
    const [report] = (await Promise.race([answer, gone])) as [FloodReport];
    return report;
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.kill();
    await exit;
  }
}

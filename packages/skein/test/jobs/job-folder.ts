import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "@skein/testkit";
import { Job, type JobOptions, linesSource } from "../../src/entry/jobs.ts";
import { Client } from "../../src/entry/node.ts";

/** A line of the output, as JSON.parse gives it. */
export interface Row {
  readonly v: number;
  readonly id: number | string;
  readonly url: string;
  readonly finalUrl: string | null;
  readonly state: "succeeded" | "failed" | "unknown";
  readonly status: number | null;
  readonly attempts: number | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly contentType: string | null;
  readonly body?: string;
  readonly bodyBase64?: string;
  readonly path?: string;
  readonly error?: { readonly code: string; readonly phase: string | null; readonly message: string };
  readonly meta?: unknown;
}

/** A folder with a list and what a job makes of it; gone when the test is over. */
export class JobFolder {
  readonly path = mkdtempSync(join(tmpdir(), "skein-job-"));
  readonly client = new Client();
  readonly #jobs: Job[] = [];

  constructor() {
    onTestFinished(async () => {
      for (const job of this.#jobs) await job.close();
      await this.client.close();
      rmSync(this.path, { recursive: true, force: true });
    });
  }

  get list(): string {
    return join(this.path, "urls.txt");
  }

  get output(): string {
    return join(this.path, "out.jsonl");
  }

  get rejects(): string {
    return join(this.path, "out.rejects.jsonl");
  }

  get journal(): string {
    return join(this.path, "out.jsonl.job.db");
  }

  write(lines: readonly string[]): void {
    writeFileSync(this.list, lines.map(line => `${line}\n`).join(""));
  }

  async open(options: Partial<JobOptions> = {}): Promise<Job> {
    const job = await Job.open({
      source: linesSource(this.list),
      output: this.output,
      client: this.client,
      ...options,
    });
    this.#jobs.push(job);
    return job;
  }

  /** Opens, runs and closes. */
  async run(options: Partial<JobOptions> = {}) {
    const job = await this.open(options);
    try {
      return await job.run();
    } finally {
      await job.close();
    }
  }

  rows(): Row[] {
    return linesOf(this.output).map(line => JSON.parse(line));
  }

  rejectedLines(): { line: number; reason: string; text: string }[] {
    return linesOf(this.rejects).map(line => JSON.parse(line));
  }
}

export function linesOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  if (text !== "" && !text.endsWith("\n")) throw new Error(`${path} ends in the middle of a line`);
  return text.split("\n").slice(0, -1);
}

export function idsOf(rows: readonly Row[]): (number | string)[] {
  return rows.map(row => row.id).toSorted((a, b) => Number(a) - Number(b));
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

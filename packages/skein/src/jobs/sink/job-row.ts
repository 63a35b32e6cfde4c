/** A line of a job's output, version 1; what each field means stands in the README. */
export interface JobRow {
  readonly v: 1;
  readonly id: string | number;
  readonly url: string;
  readonly finalUrl: string | null;
  readonly state: "succeeded" | "failed" | "unknown";
  readonly status: number | null;
  readonly attempts: number | null;
  /** Milliseconds. */
  readonly timings: { readonly queued: number; readonly waited: number; readonly served: number } | null;
  readonly bytes: number | null;
  /** Of the decoded body, in hexadecimal digits. */
  readonly sha256: string | null;
  readonly contentType: string | null;
  readonly body?: string;
  readonly bodyBase64?: string;
  /** Of the body's file, relative to the output's directory. */
  readonly path?: string;
  readonly error?: { readonly code: string; readonly phase: string | null; readonly message: string };
  readonly meta?: unknown;
}

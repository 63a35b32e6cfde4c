/** HTTP Archive 1.2, as browsers and tools read it. */
export interface Har {
  readonly log: {
    readonly version: "1.2";
    readonly creator: { readonly name: string; readonly version: string };
    readonly entries: readonly HarEntry[];
  };
}

export interface HarPair {
  readonly name: string;
  readonly value: string;
}

export interface HarEntry {
  /** ISO 8601 */
  readonly startedDateTime: string;
  /** Milliseconds in all: the sum of the timings. */
  readonly time: number;
  readonly request: HarRequest;
  readonly response: HarResponse;
  readonly cache: Record<string, never>;
  readonly timings: HarTimings;
  readonly serverIPAddress?: string;
  /** Tells the connections apart. */
  readonly connection?: string;
  /** Why there is no response: its status is then 0. */
  readonly _error?: string;
}

export interface HarRequest {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly cookies: readonly HarPair[];
  readonly headers: readonly HarPair[];
  readonly queryString: readonly HarPair[];
  readonly postData?: { readonly mimeType: string; readonly text: string };
  readonly headersSize: number;
  /** -1 where only sending told it. */
  readonly bodySize: number;
}

export interface HarResponse {
  readonly status: number;
  readonly statusText: string;
  readonly httpVersion: string;
  readonly cookies: readonly HarPair[];
  readonly headers: readonly HarPair[];
  readonly content: HarContent;
  readonly redirectURL: string;
  readonly headersSize: number;
  /** As it came, before codings were taken off; -1 where it is not known. */
  readonly bodySize: number;
}

export interface HarContent {
  /** Of the decoded body. */
  readonly size: number;
  readonly compression?: number;
  readonly mimeType: string;
  readonly text?: string;
  readonly encoding?: "base64";
}

/** Milliseconds; -1 where a phase did not happen. `connect` includes `ssl`. */
export interface HarTimings {
  readonly blocked: number;
  readonly dns: number;
  readonly connect: number;
  readonly ssl: number;
  readonly send: number;
  readonly wait: number;
  readonly receive: number;
}

import { readFileSync } from "node:fs";
import type { FrontName } from "./fronts.ts";

/** The files of `packages/skein/test` that say how a client behaves, whatever carries its requests. */
const FILES = [
  "auth/bearer",
  "auth/credentials",
  "auth/digest",
  "auth/flow",
  "auth/netrc",
  "auth/oauth2",
  "batch",
  "bodies",
  "cache",
  "cases",
  "client",
  "client-options",
  "cookies",
  "curl-and-har",
  "deadline",
  "decoding",
  "download",
  "error-guards",
  "events",
  "extensions",
  "failed-calls",
  "fetch",
  "fetch-endings",
  "gather",
  "hostile/abandoned-bodies",
  "hostile/batch-chaos",
  "hostile/pool-chaos",
  "hostile/redirect-secrets",
  "json-functions",
  "limits",
  "mounts",
  "paginate",
  "pool",
  "progress",
  "redirect-attempts",
  "redirects",
  "response-facts",
  "retry",
  "seeing",
  "streams",
] as const;

type File = (typeof FILES)[number];

interface Omission {
  readonly file: File;
  /** What the titles of the tests have in them. */
  readonly tests: readonly string[];
  /** How that stands in the file, where a title has gaps. */
  readonly written?: string;
  /** With these only; default: with all. */
  readonly fronts?: readonly FrontName[];
}

/** Tests that can't hold over HTTP/2, or not behind another server, by the reason. */
const OMITTED: Readonly<Record<string, readonly Omission[]>> = {
  "HTTP/2 has no reason phrases": [
    { file: "auth/oauth2", tests: ["fails every call that waits"] },
    { file: "batch", tests: ["with a refused status keeps its response"] },
    {
      file: "client",
      tests: ["has its status, its headers, and its body read", "raiseForStatus is itself on 2xx"],
    },
    { file: "response-facts", tests: ["console.log shows it", "its text: a line worth pasting"] },
  ],
  "it compares names of fields with their capitals": [
    { file: "auth/flow", tests: ["two extra requests: a nonce, a ticket"] },
    { file: "paginate", tests: ["to another origin, credentials stay behind"] },
  ],
  "it needs an origin of http:": [
    { file: "hostile/redirect-secrets", tests: ["leads to another origin, without what is secret"] },
    { file: "mounts", tests: ["the most specific pattern wins"] },
    { file: "redirects", tests: ["from http to https is followed"] },
  ],
  "it is about connections that carry one request each": [
    { file: "client-options", tests: ["shares the connections, and changes what it says"] },
    {
      file: "limits",
      tests: [
        "0 keeps none; those who wait",
        "counts those of all origins",
        "so many connections are kept",
        "a connection is closed after so many",
        "0: who finds no connection, and no room for one",
        "a call beyond it fails at once",
      ],
    },
    {
      file: "pool",
      tests: [
        "a pool timeout says what it waited for",
        "gives the place of an idle connection",
        "finishes what is in flight, and fails what waits",
        "calls at once have one each",
        "does not let a busy origin starve another one",
        "until they have idled for the time given",
      ],
    },
    {
      file: "seeing",
      tests: ["of a new connection, and of a kept one", "the wait for a connection is in queue"],
    },
    { file: "auth/digest", tests: ["the second carries nc=00000002"], fronts: ["nginx"] },
    { file: "client-options", tests: ["the one-shot functions share a client"], fronts: ["nginx"] },
    { file: "limits", tests: ["no more are under way at once"], fronts: ["nginx"] },
    {
      file: "limits",
      tests: ["who asks for more connections than its default gets them"],
      fronts: ["apache"],
    },
    { file: "pool", tests: ["calls after each other share one"], fronts: ["nginx"] },
    { file: "pool", tests: ["destroy ends everything at once"], fronts: ["apache", "caddy"] },
    { file: "events", tests: ["leaving the loop releases the connection"], fronts: ["apache", "caddy"] },
    {
      file: "fetch",
      tests: ["a response that is dropped unread", "cancelling the body closes its connection"],
      fronts: ["apache", "caddy"],
    },
    {
      file: "redirects",
      tests: ["20 redirects are followed on one connection", "uses the connection of its redirect again"],
      fronts: ["nginx"],
    },
    {
      file: "retry",
      tests: ["a stream is tried again before it begins", "lists its attempts"],
      fronts: ["nginx"],
    },
  ],
  "the server between is not ready as soon": [
    {
      file: "auth/oauth2",
      tests: ["when the call that fetches the token is cancelled"],
      fronts: ["nghttpx"],
    },
  ],
  "it compares steps, lines or bytes of HTTP/1.1": [
    {
      file: "seeing",
      tests: ["tells each step of a request", "one line a request at info", "pino gets fields"],
    },
  ],
  "a program that it starts does not know the authority of the tests": [
    { file: "curl-and-har", tests: ["curl sends the same"] },
    { file: "download", tests: ["goes on with what a process has left"] },
    { file: "pool", tests: ["an idle one does not keep the process alive"] },
    { file: "seeing", tests: ["SKEIN_LOG logs to stderr"] },
  ],
  "how the origin ends a connection does not come through": [
    { file: "curl-and-har", tests: ["failures, streams and bytes"] },
    { file: "redirect-attempts", tests: ["attempts are those of all hops"] },
    { file: "retry", tests: ["a body that breaks off is tried again"] },
    { file: "response-facts", tests: ["an error as JSON"], fronts: ["apache", "nghttpx"] },
    { file: "batch", tests: ["is told apart by kind"], fronts: ["apache", "nghttpx"] },
    { file: "failed-calls", tests: ["is told once for each call that fails"], fronts: ["apache", "nghttpx"] },
    { file: "fetch", tests: ["a body that is cut fails its reader"], fronts: ["apache", "nghttpx"] },
    { file: "download", tests: ["at any byte goes on right there"], fronts: ["nghttpx"] },
  ],
  "the server between changes the request or the answer": [
    { file: "bodies", tests: ["is chunked where a part has none"], fronts: ["apache"] },
    { file: "client", tests: ["content may be"], fronts: ["apache"] },
    { file: "client-options", tests: ["the one-shot functions share a client"], fronts: ["nghttpx"] },
    {
      file: "fetch",
      tests: ["body: a stream, with duplex, chunked", "the body of a Request goes with its length"],
      fronts: ["apache"],
    },
    {
      file: "hostile/redirect-secrets",
      tests: ["takes no proxy-authorization to another origin"],
      written: "takes no %s to another origin",
      fronts: ["caddy"],
    },
    { file: "redirects", tests: ["credentials stay with their origin"], fronts: ["caddy"] },
    { file: "decoding", tests: ["what is asked for is what can be decoded"], fronts: ["nginx"] },
  ],
};

export interface BehaviourSuite {
  /** Paths from the root of the repository. */
  readonly files: readonly string[];
  /** What the full name of a test must match to be run. */
  readonly pattern: RegExp;
}

/**
 * What of the behaviour suite runs behind a front.
 *
 * @throws Error when a test that is left out is not there: then its entry is out of date
 */
export function behaviourSuite(front: FrontName): BehaviourSuite {
  const path = (file: File) => `packages/skein/test/${file}.test.ts`;
  const titles: string[] = [];
  for (const { file, tests, written, fronts } of Object.values(OMITTED).flat()) {
    const text = readFileSync(path(file), "utf8");
    for (const title of tests) {
      if (!text.includes(written ?? title))
        throw new Error(`${path(file)} has no test "${title}" that could be left out`);
      if (fronts === undefined || fronts.includes(front)) titles.push(title);
    }
  }
  const escaped = titles.map(title => title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return { files: FILES.map(path), pattern: new RegExp(`^(?!.*(?:${escaped.join("|")}))`) };
}

import { type Duration, parseDuration } from "../core/duration.ts";
import { InvalidOption } from "../core/errors.ts";
import { checkNames, requireCount } from "../core/option-names.ts";
import { type NormalizedRate, parseRate, type Rate } from "../policy/rate.ts";
import { type LatencyLaw, parseLaw } from "./latency-law.ts";

/** An answer that sends a request away. */
export interface Refusal {
  readonly status: number;
  /** Sent as Retry-After, in whole seconds, rounded up. Default: none is sent. */
  readonly retryAfter?: Duration;
}

/**
 * How a request ends badly, once the server has worked on it: with a `status`; with a connection that is `reset` before the
 * answer, or `cut` in the middle of it; or it `hang`s, and keeps its slot until the client gives up.
 */
export type FaultKind = "reset" | "cut" | "hang" | number;

export interface Fault {
  readonly kind: FaultKind;
  /** The part of all requests that end so, from 0 to 1. */
  readonly share: number;
}

/**
 * A server that does nothing any more: it is not there (`refused`), nothing leads to it (`unreachable`: connect timeouts), it
 * breaks off (`reset`), it takes requests and never answers (`hang`), or it answers all with a status.
 */
export type Outage = "refused" | "unreachable" | "reset" | "hang" | number;

/** What a server is like; each can change at a given time. */
export interface ServerParameters {
  /** Requests that it works on at once. Default: no limit. */
  readonly slots?: number;
  /** Requests that may wait for a slot, first come, first served; further ones are refused. Default: no limit. */
  readonly queue?: number;
  /** How long a request holds its slot. Default: 10 ms. */
  readonly serviceTime?: LatencyLaw | Duration;
  /** What the way there and back adds; it holds no slot. Default: 0. */
  readonly network?: LatencyLaw | Duration;
  /** Requests that it takes, such as `"100/s"`; those beyond it are sent away at once. Default: no limit. */
  readonly rate?: Rate | null;
  /** What those get that are beyond `rate`. Default: `{ status: 429 }`. */
  readonly throttle?: Refusal;
  /** What those get that find the queue full. Default: `{ status: 503 }`. */
  readonly overload?: Refusal;
  /** How a part of the requests end badly. Default: none. */
  readonly faults?: readonly Fault[];
  /** While it is set, nothing works. What the server is at when it begins is lost with it. Default: null. */
  readonly outage?: Outage | null;
  /** Bytes of the body of its answers. Default: 0. */
  readonly bodyBytes?: number;
}

export interface ServerOptions extends ServerParameters {
  /** What changes when: `[["60s", { slots: 50 }]]`, counted from the start of the simulation. */
  readonly at?: readonly (readonly [when: Duration, changes: ServerParameters])[];
  /** Whether counts are kept by the second too (`during()`): a few numbers for each that passes. Default: true. */
  readonly timeline?: boolean;
}

/** The parameters of a server, complete and checked. */
export interface ServerSettings {
  readonly slots: number;
  readonly queue: number;
  readonly serviceTime: LatencyLaw;
  readonly network: LatencyLaw | undefined;
  readonly rate: NormalizedRate | null;
  readonly throttle: Refusal;
  readonly overload: Refusal;
  readonly faults: readonly Fault[];
  readonly outage: Outage | null;
  readonly bodyBytes: number;
}

const NAMES = "slots queue serviceTime network rate throttle overload faults outage bodyBytes".split(" ");
const FAULTS = ["reset", "cut", "hang"];
const OUTAGES = ["refused", "unreachable", "reset", "hang"];

const DEFAULTS: ServerSettings = {
  slots: Number.POSITIVE_INFINITY,
  queue: Number.POSITIVE_INFINITY,
  serviceTime: () => 10,
  network: undefined,
  rate: null,
  throttle: { status: 429 },
  overload: { status: 503 },
  faults: [],
  outage: null,
  bodyBytes: 0,
};

type Check<K extends keyof ServerSettings> = (given: NonNullable<ServerParameters[K]>) => ServerSettings[K];

const CHECKS: { readonly [K in keyof ServerSettings]: Check<K> } = {
  slots: given => requireCount(given, "slots", 0),
  queue: given => requireCount(given, "queue", 0),
  serviceTime: given => parseLaw(given, "serviceTime"),
  network: given => parseLaw(given, "network"),
  rate: given => parseRate(given, "rate"),
  throttle: given => checkRefusal(given, "throttle"),
  overload: given => checkRefusal(given, "overload"),
  faults: checkFaults,
  outage: checkOutage,
  bodyBytes: given => requireCount(given, "bodyBytes", 0),
};

/** A step of a server's life: what changes, and when. */
export interface Step {
  readonly at: number;
  readonly settings: (before: ServerSettings) => ServerSettings;
}

/** @throws InvalidOption naming the option */
export function parseServerOptions(given: ServerOptions): {
  settings: ServerSettings;
  steps: readonly Step[];
  timeline: boolean;
} {
  const { at = [], timeline = true, ...first } = checkNames(given, [...NAMES, "at", "timeline"], "server");
  const settings = changed(DEFAULTS, first, "server");
  const steps = at.map(([when, changes]) => {
    // Checked now: a mistake must not show in the middle of a simulation.
    changed(settings, changes, "at");
    return {
      at: parseDuration(when, "at"),
      settings: (before: ServerSettings) => changed(before, changes, "at"),
    };
  });
  return { settings, steps, timeline };
}

/** `null` takes a rate or an outage away. */
export function changed(before: ServerSettings, given: ServerParameters, where: string): ServerSettings {
  const changes = checkNames(given, NAMES, where);
  const after: Record<string, unknown> = { ...before };
  for (const name of Object.keys(changes) as (keyof ServerSettings)[]) {
    const value = changes[name];
    if (value === null && (name === "rate" || name === "outage")) after[name] = null;
    else if (value !== undefined) after[name] = (CHECKS[name] as (value: unknown) => unknown)(value);
  }
  return after as unknown as ServerSettings;
}

function checkRefusal(given: Refusal, name: string): Refusal {
  const { status, retryAfter } = checkNames(given, ["status", "retryAfter"], name);
  requireStatus(status, `${name}.status`);
  return retryAfter === undefined
    ? { status }
    : { status, retryAfter: parseDuration(retryAfter, `${name}.retryAfter`) };
}

function checkFaults(given: readonly Fault[]): readonly Fault[] {
  let sum = 0;
  for (const { kind, share } of given) {
    if (typeof kind === "number") requireStatus(kind, "faults.kind");
    else requireOneOf(kind, FAULTS, "faults.kind");
    if (!(share >= 0)) throw new InvalidOption(`faults.share: expected a part from 0 to 1; got ${share}`);
    sum += share;
  }
  if (sum > 1 + 1e-9) throw new InvalidOption(`faults: the shares are ${sum} together, and at most 1`);
  return given;
}

function checkOutage(given: Outage): Outage {
  if (typeof given === "number") requireStatus(given, "outage");
  else requireOneOf(given, OUTAGES, "outage");
  return given;
}

function requireStatus(status: unknown, name: string): void {
  if (typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 999) return;
  throw new InvalidOption(`${name}: expected a status from 200 to 999; got ${String(status)}`);
}

function requireOneOf(value: string, known: readonly string[], name: string): void {
  if (known.includes(value)) return;
  throw new InvalidOption(`${name}: expected a status, or one of ${known.join(", ")}; got "${value}"`);
}

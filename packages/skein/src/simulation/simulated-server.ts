import { connectError, socketError, violationError } from "../connection/error-map.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import type { SkeinError } from "../core/errors.ts";
import { Fifo } from "../core/fifo.ts";
import { Headers } from "../core/headers.ts";
import { Response } from "../core/response.ts";
import { seededRandom } from "../core/seeded-random.ts";
import { StoredBody } from "../core/stored-body.ts";
import { Gcra } from "../policy/gcra.ts";
import { BrokenBody } from "./broken-body.ts";
import {
  changed,
  type FaultKind,
  type Outage,
  parseServerOptions,
  type Refusal,
  type ServerOptions,
  type ServerParameters,
  type ServerSettings,
} from "./server-options.ts";
import { type Ending, type ServerCounts, ServerRecord } from "./server-record.ts";
import type { Place, SimulatedCall } from "./simulated-call.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const SENT = { phase: "headers", requestSent: "full", peer: undefined } as const;
const IN_BODY = { phase: "body", requestSent: "full", peer: undefined } as const;

/** What a server is told by its simulation. */
export interface ServerBase {
  readonly origin: string;
  readonly clock: VirtualClock;
  readonly seed: number;
  /** Told of each end, for the digest. */
  ended(ending: Ending): void;
}

/** What a simulated server has seen, and how it is changed while the simulation runs. */
export interface SimulatedServer extends ServerCounts {
  readonly origin: string;
  /** Requests that it works on now, and that wait for it. */
  readonly busy: number;
  readonly waiting: number;
  /** What it saw between two times of the simulation, to whole seconds. */
  during(from: Duration, to: Duration): ServerCounts;
  /** How long requests took in it, waiting included, in milliseconds; of those that were served. */
  percentile(share: number): number;
  /** Changes it from now on. */
  change(changes: ServerParameters): void;
}

/** One server: a line, first come, first served, before a number of slots. */
export class SlotServer implements SimulatedServer {
  readonly origin: string;
  busy = 0;
  waiting = 0;
  readonly #base: ServerBase;
  readonly #clock: VirtualClock;
  readonly #random: () => number;
  readonly #record: ServerRecord;
  /** Those who have given up stand in it until they are its head. */
  readonly #line = new Fifo<SimulatedCall>();
  readonly #hanging = new Set<SimulatedCall>();
  #settings: ServerSettings;
  #rate: Gcra | undefined;
  #bytes: Uint8Array;
  #headers: Headers;

  constructor(options: ServerOptions, base: ServerBase) {
    const { settings, steps, timeline } = parseServerOptions(options);
    this.origin = base.origin;
    this.#base = base;
    this.#clock = base.clock;
    // Of its own: what one server draws does not change what another does.
    this.#random = seededRandom(base.seed);
    this.#record = new ServerRecord(timeline);
    this.#settings = settings;
    this.#rate = settings.rate === null ? undefined : new Gcra(settings.rate);
    this.#bytes = new Uint8Array(settings.bodyBytes);
    this.#headers = headersOf(settings.bodyBytes);
    for (const step of steps) {
      const change = () => this.#become(step.settings(this.#settings));
      base.clock.setTimer(change, step.at - base.clock.now());
    }
  }

  get received(): number {
    return this.#record.totals.received;
  }

  get served(): number {
    return this.#record.totals.served;
  }

  get refused(): number {
    return this.#record.totals.refused;
  }

  get failed(): number {
    return this.#record.totals.failed;
  }

  get abandoned(): number {
    return this.#record.totals.abandoned;
  }

  get busyMs(): number {
    this.#record.held(this.busy, this.#clock.now());
    return this.#record.totals.busyMs;
  }

  during(from: Duration, to: Duration): ServerCounts {
    this.#record.held(this.busy, this.#clock.now());
    return this.#record.during(parseDuration(from, "from"), parseDuration(to, "to"));
  }

  percentile(share: number): number {
    return this.#record.times.percentile(share);
  }

  change(changes: ServerParameters): void {
    this.#become(changed(this.#settings, changes, "change"));
  }

  /** A request has come. */
  receive(call: SimulatedCall): void {
    const { outage, slots, queue, throttle, overload } = this.#settings;
    const now = this.#clock.now();
    this.#record.count("received", now);
    call.onAbandoned = place => this.#abandoned(call, place);
    if (outage !== null) return this.#meetOutage(call, outage);
    if (this.#rate !== undefined && this.#rate.readyAt > now) return this.#refuse(call, throttle);
    this.#rate?.take(now);
    if (this.busy < slots) return this.#begin(call);
    if (this.waiting >= queue) return this.#refuse(call, overload);
    call.place = "queue";
    this.waiting += 1;
    this.#line.push(call);
    call.watch();
  }

  #begin(call: SimulatedCall): void {
    this.#hold(1);
    const fault = this.#drawFault();
    if (fault === "hang") return this.#hang(call);
    call.place = "slot";
    const { serviceTime, network } = this.#settings;
    const ms = serviceTime(this.#random);
    const way = network === undefined ? 0 : network(this.#random);
    call.endsAt(this.#clock.now() + ms + way);
    this.#clock.setTimer(() => this.#finish(call, fault, way), ms);
  }

  /** It works to the end also for one who has given up, as most servers do. */
  #finish(call: SimulatedCall, fault: FaultKind | undefined, way: number): void {
    const { outage } = this.#settings;
    if (outage === "hang") return this.#hang(call);
    if (call.place !== "gone") this.#deliver(call, outage ?? fault, way);
    this.#hold(-1);
    this.#serveNext();
  }

  #deliver(call: SimulatedCall, fault: FaultKind | Outage | undefined, way: number): void {
    const now = this.#clock.now();
    if (fault === undefined) this.#record.times.record(now - call.arrivedAt);
    this.#end(fault === undefined ? "served" : "failed");
    call.place = "way";
    call.onAbandoned = undefined;
    if (way === 0) this.#answer(call, fault);
    else this.#clock.setTimer(() => this.#answer(call, fault), way);
  }

  #answer(call: SimulatedCall, fault: FaultKind | Outage | undefined): void {
    if (fault === undefined) call.answer(this.#response(call, 200));
    else if (typeof fault === "number") call.answer(this.#response(call, fault));
    else if (fault === "cut") call.answer(cutResponse(call));
    else call.fail(resetError());
  }

  #response(call: SimulatedCall, status: number): Response {
    const head = { status, reasonPhrase: "", httpVersion: "1.1", headers: this.#headers };
    return new Response(head, call.request, new StoredBody(this.#bytes));
  }

  #refuse(call: SimulatedCall, { status, retryAfter }: Refusal): void {
    this.#end("refused");
    call.onAbandoned = undefined;
    const response = refusal(call, status, retryAfter as number | undefined);
    this.#sendBack(call, () => call.answer(response));
  }

  #meetOutage(call: SimulatedCall, outage: Outage): void {
    if (outage === "hang" || outage === "unreachable") {
      if (outage === "hang") call.watch();
      else call.watchConnect();
      return;
    }
    this.#end("failed");
    call.onAbandoned = undefined;
    this.#sendBack(call, () => {
      if (outage === "refused") call.fail(refusedError(this.origin));
      else this.#answer(call, outage);
    });
  }

  /** Also where the way takes no time, not within the sending. */
  #sendBack(call: SimulatedCall, answer: () => void): void {
    const way = this.#settings.network?.(this.#random) ?? 0;
    call.endsAt(this.#clock.now() + way);
    this.#clock.setTimer(answer, way);
  }

  #hang(call: SimulatedCall): void {
    if (call.place === "gone") {
      this.#hold(-1);
      return;
    }
    call.place = "hanging";
    this.#hanging.add(call);
    call.watch();
  }

  #abandoned(call: SimulatedCall, place: Place): void {
    this.#end("abandoned");
    if (place === "queue") {
      this.waiting -= 1;
      while (this.#line.peek()?.place === "gone") this.#line.shift();
    } else if (place === "hanging") {
      this.#hanging.delete(call);
      this.#hold(-1);
      this.#serveNext();
    }
  }

  #serveNext(): void {
    while (this.busy < this.#settings.slots && this.waiting > 0) {
      const next = this.#line.shift()!;
      if (next.place === "gone") continue;
      this.waiting -= 1;
      this.#begin(next);
    }
  }

  #become(settings: ServerSettings): void {
    if (settings.rate !== this.#settings.rate)
      this.#rate = settings.rate === null ? undefined : new Gcra(settings.rate);
    this.#settings = settings;
    this.#bytes = new Uint8Array(settings.bodyBytes);
    this.#headers = headersOf(settings.bodyBytes);
    if (settings.outage !== null && settings.outage !== "hang") this.#dropLine(settings.outage);
    this.#serveNext();
  }

  /** Those who wait when it breaks down are lost with it. */
  #dropLine(outage: Outage): void {
    for (const call of [...this.#line]) {
      if (call.place === "gone") continue;
      this.waiting -= 1;
      this.#end("failed");
      call.onAbandoned = undefined;
      this.#answer(call, typeof outage === "number" ? outage : "reset");
    }
    this.#line.clear();
  }

  #hold(change: 1 | -1): void {
    this.#record.held(this.busy, this.#clock.now());
    this.busy += change;
  }

  #end(ending: Ending): void {
    this.#record.count(ending, this.#clock.now());
    this.#base.ended(ending);
  }

  #drawFault(): FaultKind | undefined {
    const { faults } = this.#settings;
    if (faults.length === 0) return undefined;
    let left = this.#random();
    for (const { kind, share } of faults) {
      left -= share;
      if (left < 0) return kind;
    }
    return undefined;
  }
}

function headersOf(bytes: number): Headers {
  return Headers.from({ "content-length": String(bytes) });
}

function refusal({ request }: SimulatedCall, status: number, retryAfterMs: number | undefined): Response {
  const wait = retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) };
  const headers = Headers.from({ "content-length": "0", ...wait });
  const head = { status, reasonPhrase: "", httpVersion: "1.1", headers };
  return new Response(head, request, new StoredBody(new Uint8Array(0)));
}

function refusedError(origin: string): SkeinError {
  return connectError({ kind: "refused", reason: `connection refused by ${origin}`, cause: undefined });
}

function resetError(): SkeinError {
  return socketError({ kind: "reset", reason: "connection reset", cause: undefined }, SENT);
}

function cutResponse({ request }: SimulatedCall): Response {
  const head = { status: 200, reasonPhrase: "", httpVersion: "1.1", headers: headersOf(2) };
  const cut = violationError({ code: "cut-body", offset: 1, detail: "1 of 2 bytes" }, IN_BODY);
  return new Response(head, request, new BrokenBody(cut));
}

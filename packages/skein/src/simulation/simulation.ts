import type { LimitOptions } from "../client/limit-options.ts";
import { type ClientOptions, OF_CONNECTIONS, refuseUnsupported } from "../client/options.ts";
import type { Clock } from "../core/clock.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import { InvalidOption } from "../core/errors.ts";
import { checkNames } from "../core/option-names.ts";
import type { NetworkOptions } from "../core/ports.ts";
import type { Transport } from "../core/service.ts";
import type { SimulatedLimits } from "./connection-limits.ts";
import type { ServerOptions } from "./server-options.ts";
import type { Ending } from "./server-record.ts";
import { type SimulatedServer, SlotServer } from "./simulated-server.ts";
import { NOT_SIMULATED, SimulatedTransport } from "./simulated-transport.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface SimulationOptions {
  /** All chance follows from it: with the same one a simulation goes the same way, event by event. Default: 1. */
  readonly seed?: number;
}

/** The options of a client in a simulation: all but those of connections, which it has none of. */
export type SimulatedClientOptions = Omit<
  ClientOptions,
  "transport" | "mounts" | "tls" | "limits" | keyof NetworkOptions
> & { readonly limits?: Pick<LimitOptions, keyof SimulatedLimits | "maxResponseBytes"> };

const HONOURED = ["maxConnections", "maxConnectionsPerOrigin", "maxInFlightPerOrigin"].map(
  name => `limits.${name}`,
);

/** @throws InvalidOption for an option of connections */
export function checkClientOptions(options: SimulatedClientOptions): void {
  const unsupported = OF_CONNECTIONS.filter(name => !HONOURED.includes(name));
  refuseUnsupported(options, [...unsupported, "transport", "mounts", ...NOT_SIMULATED]);
}

/** How a simulation went. */
export interface SimulationResult<T> {
  /** What the function that was run returned. */
  readonly value: T;
  /** Virtual milliseconds that it took. */
  readonly elapsed: number;
  /** Requests that reached a server meanwhile and have ended. */
  readonly requests: number;
  /** Of when and how each request to each server ended, since the start: the same for the same seed. */
  readonly digest: string;
}

/** What a simulation is, but for the making of its clients. */
export abstract class BaseSimulation {
  readonly #clock: VirtualClock;
  readonly #seed: number;
  readonly #servers = new Map<string, SlotServer>();
  readonly #digest = new Digest();
  #requests = 0;
  #isRunning = false;

  constructor(given: SimulationOptions = {}) {
    const { seed = 1 } = checkNames(given, ["seed"], "Simulation");
    if (!Number.isInteger(seed)) throw new InvalidOption(`seed: expected a whole number; got ${seed}`);
    this.#seed = seed;
    this.#clock = new VirtualClock(seed);
  }

  /** The clock that all of it runs by; for policies of one's own. */
  get clock(): Clock {
    return this.#clock;
  }

  /** Virtual milliseconds since the start. */
  get now(): number {
    return this.#clock.now();
  }

  /**
   * A server at that origin.
   *
   * @throws InvalidOption naming the option; when there is one already
   */
  server(origin: string | URL, options: ServerOptions = {}): SimulatedServer {
    const key = new URL(origin).origin;
    if (this.#servers.has(key)) throw new InvalidOption(`server: there is one at ${key} already`);
    const index = this.#servers.size;
    const server = new SlotServer(options, {
      origin: key,
      clock: this.#clock,
      seed: Math.imul(this.#seed, 0x9e3779b1) + Math.imul(index + 1, 0x85ebca6b),
      ended: ending => this.#note(index, ending),
    });
    this.#servers.set(key, server);
    return server;
  }

  /** Settles when so much virtual time has passed. */
  sleep(time: Duration): Promise<void> {
    const ms = parseDuration(time, "sleep");
    return new Promise(resolve => {
      this.#clock.setTimer(resolve, ms);
    });
  }

  /**
   * Runs a function, and lets virtual time go on until what it returns has settled. It can be called again: time then goes on
   * from where it stands.
   *
   * @throws (rejects with) what the function does; an Error when it waits for what can never come
   */
  async run<T>(work: () => T | Promise<T>): Promise<SimulationResult<T>> {
    if (this.#isRunning) throw new InvalidOption("run: the simulation runs already");
    this.#isRunning = true;
    const { now } = this;
    const before = this.#requests;
    try {
      const value = await this.#clock.runUntil((async () => work())());
      return {
        value,
        elapsed: this.now - now,
        requests: this.#requests - before,
        digest: String(this.#digest),
      };
    } finally {
      this.#isRunning = false;
    }
  }

  protected newTransport(limits: SimulatedLimits): Transport {
    return new SimulatedTransport(limits, this.#servers, this.#clock);
  }

  #note(server: number, ending: Ending): void {
    this.#requests += 1;
    this.#digest.add(server);
    this.#digest.add(ending.charCodeAt(0));
    this.#digest.add(Math.round(this.#clock.now() * 1_000));
  }
}

/** Two FNV-1a hashes of 32 bits, of all numbers that were added. */
class Digest {
  #a = 0x811c9dc5;
  #b = 0x9747b28c;

  add(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193) >>> 0;
    this.#b = Math.imul(this.#b ^ (value + this.#a), 0x01000193) >>> 0;
  }

  toString(): string {
    return [this.#a, this.#b].map(half => half.toString(16).padStart(8, "0")).join("");
  }
}

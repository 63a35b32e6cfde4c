import type { Clock } from "../core/clock.ts";
import { AbortError, ClientClosed, DnsError } from "../core/errors.ts";
import type { Request } from "../core/request.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import type { Transport } from "../core/service.ts";
import { ConnectionLimits, type SimulatedLimits } from "./connection-limits.ts";
import { type Place, SimulatedCall } from "./simulated-call.ts";
import type { SlotServer } from "./simulated-server.ts";

/** What there is nothing to act on in a simulation. */
export const NOT_SIMULATED: readonly string[] = ["timeout.write", "upgrade", "tunnel"];

/** Carries the requests of one client to the servers of a simulation. */
export class SimulatedTransport implements Transport {
  readonly unsupported = NOT_SIMULATED;
  readonly #limits: ConnectionLimits;
  readonly #servers: ReadonlyMap<string, SlotServer>;
  readonly #clock: Clock;
  readonly #calls = new Set<SimulatedCall>();
  #closed: (() => void) | undefined;

  constructor(limits: SimulatedLimits, servers: ReadonlyMap<string, SlotServer>, clock: Clock) {
    this.#servers = servers;
    this.#clock = clock;
    this.#limits = new ConnectionLimits(limits, call => {
      call.send();
      servers.get(call.origin)!.receive(call);
    });
  }

  send(request: Request, context: RequestContext): Promise<Response> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) throw new ClientClosed();
      context.throwIfCancelled();
      const { key } = request.url.origin;
      if (!this.#servers.has(key)) throw unknownServer(key);
      const call = new SimulatedCall(request, { context, clock: this.#clock }, { resolve, reject });
      this.#calls.add(call);
      call.onOver = place => this.#over(call, place);
      this.#limits.admit(call);
    });
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      this.#closed = resolve;
      if (this.#calls.size === 0) resolve();
    });
  }

  destroy(reason?: unknown): void {
    this.#closed ??= () => {};
    for (const call of this.#calls) call.abandon(new AbortError(reason));
  }

  #over(call: SimulatedCall, place: Place): void {
    this.#calls.delete(call);
    this.#limits.over(call, place !== "line");
    if (this.#calls.size === 0) this.#closed?.();
  }
}

function unknownServer(origin: string): DnsError {
  const reason = `the simulation has no server ${origin}; make one with sim.server("${origin}")`;
  return new DnsError("DNS_FAILED", reason, { phase: "dns", requestSent: "none" });
}

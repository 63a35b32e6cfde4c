import { BaseClient } from "../client/client.ts";
import type { ClientOptions } from "../client/options.ts";
import { PARTS_AT_HAND } from "../client/parts-at-hand.ts";
import { nodePorts } from "../runtime/node/node-ports.ts";
import { BaseSimulation, checkClientOptions, type SimulatedClientOptions } from "../simulation/simulation.ts";
import { VERSION } from "./version.ts";

/**
 * Servers that are not there, in a time of their own: clients, batches and policies run as they are, a million requests in
 * seconds, and the same way for the same seed. For trying a policy against load, faults and outages before a server meets it.
 *
 * Virtual time goes on from event to event, once every promise of the present one has settled. What takes real time (files,
 * threads, timers of the platform) is not waited for: leave it out of a simulation.
 *
 * @throws InvalidOption
 * @example
 * const sim = new Simulation({ seed: 7 });
 * const server = sim.server("https://a.test", { slots: 4, serviceTime: exponential("200ms") });
 * const client = sim.client();
 * const { elapsed } = await sim.run(async () => {
 *   for await (const task of client.batch(Array(1_000).fill("https://a.test/"), { perOrigin: "auto" })) task.state;
 * });
 * server.served; // 1000
 */
export class Simulation extends BaseSimulation {
  /**
   * A client whose requests go to the servers of this simulation, and that lives in its time.
   *
   * @throws InvalidOption
   */
  client(options: SimulatedClientOptions = {}): BaseClient {
    checkClientOptions(options);
    const { decompressor, files } = nodePorts();
    return new BaseClient(options as ClientOptions, {
      ports: { decompressor, files, clock: this.clock },
      parts: PARTS_AT_HAND,
      transport: ({ limits }) => this.newTransport(limits),
      userAgent: `skein/${VERSION}`,
    });
  }
}

import type { RuntimePorts } from "../core/ports.ts";
import type { CallSettings } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import type { Service, Transport } from "../core/service.ts";
import type { Call } from "./call.ts";
import type { ClientSettings } from "./options.ts";

/** What the methods of a client that make several calls need of it. */
export interface ClientAccess {
  readonly settings: ClientSettings;
  readonly ports: Pick<RuntimePorts, "clock" | "resources">;
  /** What stands at the bottom of the client. */
  readonly transport: Transport;
  /** The client's layers as a batch sends through them. */
  batchService(): Service;
  /** Makes a call through the client's layers; `base` are its settings, where its own options say nothing else. */
  run(call: Call, base: CallSettings): Promise<Response>;
}

import type { NetworkOptions, RuntimePorts, TlsOptions } from "../../core/ports.ts";
import { nodeDecompressor } from "./decompressor.ts";
import { environmentLogger } from "./environment-logger.ts";
import { nodeClock } from "./node-clock.ts";
import { nodeDiagnostics } from "./node-diagnostics.ts";
import { nodeFiles } from "./node-files.ts";
import { nodeResources } from "./node-resources.ts";
import { nodeText } from "./node-text.ts";
import { nodeConnector } from "./sockets/node-connector.ts";

/** What a client needs of Node. */
export function nodePorts(tls?: TlsOptions, network?: NetworkOptions): RuntimePorts {
  return {
    clock: nodeClock,
    connector: nodeConnector(tls, network),
    decompressor: nodeDecompressor,
    text: nodeText,
    files: nodeFiles,
    diagnostics: nodeDiagnostics,
    environmentLogger,
    resources: nodeResources,
  };
}

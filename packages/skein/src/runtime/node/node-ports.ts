import type { NetworkOptions, RuntimePorts, TextPort, TlsOptions } from "../../core/ports.ts";
import { nodeDecompressor } from "./decompressor.ts";
import { environmentLogger } from "./environment-logger.ts";
import { nodeClock } from "./node-clock.ts";
import { nodeDiagnostics } from "./node-diagnostics.ts";
import { nodeFiles } from "./node-files.ts";
import { nodeConnector } from "./sockets/node-connector.ts";

const latin1Slice = Buffer.prototype.latin1Slice;

const text: TextPort = {
  latin1: (bytes, start, end) => latin1Slice.call(bytes as Buffer, start, end),
};

/** What a client needs of Node. */
export function nodePorts(tls?: TlsOptions, network?: NetworkOptions): RuntimePorts {
  return {
    clock: nodeClock,
    connector: nodeConnector(tls, network),
    decompressor: nodeDecompressor,
    text,
    files: nodeFiles,
    diagnostics: nodeDiagnostics,
    environmentLogger,
  };
}

import type { TLSSocket } from "node:tls";

/**
 * Writes the secrets of a connection to the file that SSLKEYLOGFILE names, in NSS' format, so that Wireshark can read what
 * was sent. A file that can't be written is warned of once, and spoils no request.
 */
export function logKeys(socket: TLSSocket): void {
  const { SSLKEYLOGFILE: path } = process.env;
  if (path === undefined || path === "") return;
  socket.on("keylog", (line: Uint8Array) => {
    try {
      process.getBuiltinModule("node:fs").appendFileSync(path, line, { mode: 0o600 });
    } catch (error) {
      warnOnce(`SSLKEYLOGFILE: can't write to ${path}: ${(error as Error).message}`);
    }
  });
}

const warned = new Set<string>();

export function warnOnce(message: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  process.emitWarning(message, { type: "SkeinWarning" });
}

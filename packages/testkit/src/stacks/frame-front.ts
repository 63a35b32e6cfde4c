import { once } from "node:events";
import { Agent } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { testCertificates } from "../test-certificates.ts";
import { FrontConnection } from "./front-connection.ts";
import type { Front } from "./fronts.ts";

/** Starts a server of HTTP/2, and of nothing else, that hands each stream's request on to the origin on that port. */
export async function frameFront(originPort: number): Promise<Front> {
  const { cert, key } = testCertificates().valid;
  const sockets = new Set<TLSSocket>();
  const agent = new Agent({ keepAlive: true });
  const server = createServer({ cert, key, ALPNProtocols: ["h2"] }, socket => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    new FrontConnection(socket, { port: originPort, agent });
  });
  // Who does not speak HTTP/2 is turned away in the handshake.
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      agent.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

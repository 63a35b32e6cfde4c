/**
 * `node idle-server.ts <connections> [key file] [certificate file]`: prints its port. What is asked at `/held` gets its head
 * at once, and its end when so many have come, so that each has a connection of its own; it keeps them all.
 */
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";

const [connections, keyFile, certFile] = process.argv.slice(2) as [string, string?, string?];
let waiting: ServerResponse[] = [];

const listener: RequestListener = (request, response) => {
  if (request.url !== "/held") return void response.end("ok");
  response.flushHeaders();
  waiting.push(response);
  if (waiting.length < Number(connections)) return;
  for (const one of waiting) one.end("ok");
  waiting = [];
};
const server =
  keyFile === undefined || certFile === undefined
    ? createServer(listener)
    : createSecureServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, listener);
server.keepAliveTimeout = 0;
server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () => {
  console.log((server.address() as AddressInfo).port);
});

// Everything but the test runner: for programs (the demo) that run outside of it.
export * from "./apache-server.ts";
export * from "./fake-clock.ts";
export * from "./haproxy-server.ts";
export * from "./http2-frames.ts";
export * from "./incoming-body.ts";
export * from "./nginx-server.ts";
export { compressedPayload, ORIGIN_DOCUMENT } from "./origin-payloads.ts";
export { type OriginExchange, type OriginRoute, sendJson, sendText } from "./origin-routes.ts";
export { type OriginOptions, type OriginServer, originServer, type SeenRequest } from "./origin-server.ts";
export { type ProxyServer, type ProxyServerOptions, proxyServer } from "./proxy-server.ts";
export { type RealProxy, realProxy } from "./real-proxies.ts";
export * from "./scripted-server.ts";
export * from "./scripted-service.ts";
export type { ServerProcess } from "./server-process.ts";
export { type SocksServer, type SocksServerOptions, socksServer } from "./socks-server.ts";
export * from "./test-bytes.ts";
export * from "./test-certificates.ts";
export * from "./tls-origin-server.ts";

// Stands in the place of `skein` where the behaviour suite runs over HTTP/2: its clients know the test's authority, and each
// answer over TLS has to have come over HTTP/2.
import { oneShot } from "../../../skein/src/client/one-shot.ts";
import type { ClientOptions } from "../../../skein/src/client/options.ts";
import { Client as NodeClient } from "../../../skein/src/entry/node.ts";
import { testCertificates } from "../test-certificates.ts";

export * from "../../../skein/src/entry/node.ts";

export class Client extends NodeClient {
  constructor(options: ClientOptions = {}) {
    super(options.transport === undefined ? withHttp2(options) : options);
  }
}

function withHttp2(options: ClientOptions): ClientOptions {
  return { http2: true, ...options, tls: { ca: testCertificates().ca, ...options.tls } };
}

export const {
  get,
  head,
  options,
  post,
  put,
  patch,
  delete: del,
  request,
  stream,
  events,
  download,
} = oneShot(() => new Client());

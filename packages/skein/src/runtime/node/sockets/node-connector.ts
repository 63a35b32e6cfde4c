import { httpVersions, protocolNames } from "../../../core/http-versions.ts";
import { ownOptions } from "../../../core/own-options.ts";
import type { Connector, NetworkOptions, TlsOptions } from "../../../core/ports.ts";
import { ProxyChoice } from "../proxy/proxy-choice.ts";
import { ProxyOpener } from "../proxy/proxy-opener.ts";
import { NodeSocket } from "./node-socket.ts";
import { PlainOpener } from "./plain-opener.ts";
import { TcpOpener } from "./tcp-opener.ts";
import { TlsOpener } from "./tls/tls-opener.ts";

/**
 * Sockets of `node:net` and `node:tls`, straight or through proxies. Certificates are verified unless `verify: false`.
 *
 * @throws InvalidOption naming what of the options can't be used
 */
export function nodeConnector(tls: TlsOptions = {}, network: NetworkOptions = {}): Connector {
  const { http1: _, http2: __, ...reach } = ownOptions(network);
  const tcp = new TcpOpener(ownOptions(reach));
  const protocols = protocolNames(httpVersions(ownOptions(network)));
  const direct = {
    http: new PlainOpener(tcp),
    https: new TlsOpener(ownOptions(tls), tcp, { protocols, trust: undefined }),
  };
  const choice = ProxyChoice.of(ownOptions(reach));
  const proxied = choice && new ProxyOpener({ choice, tcp, direct });
  return {
    connect: (origin, events) => new NodeSocket(origin, events, proxied ?? direct[origin.scheme]),
  };
}

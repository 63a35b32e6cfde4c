import type { ProxyHop } from "../../../core/proxy-options.ts";
import type { Origin } from "../../../core/url.ts";
import type { OnRead, Opener, OpeningEvents } from "../sockets/opener.ts";
import { PlainOpener } from "../sockets/plain-opener.ts";
import type { TcpOpener } from "../sockets/tcp-opener.ts";
import { TlsOpener } from "../sockets/tls/tls-opener.ts";
import type { ProxyServer } from "./proxy.ts";
import type { ProxyChoice } from "./proxy-choice.ts";
import { type Attempt, ProxyRace } from "./proxy-race.ts";
import { Tunnel, unreachable } from "./tunnel.ts";

interface ProxyOpenerSetup {
  readonly choice: ProxyChoice;
  readonly tcp: TcpOpener;
  /** For what no proxy is used for. */
  readonly direct: { readonly http: Opener; readonly https: TlsOpener };
}

/** Opens sockets through the proxy whose turn it is, or straight to the origin where none is used for it. */
export class ProxyOpener implements Opener {
  readonly #setup: ProxyOpenerSetup;
  readonly #ways = new Map<ProxyServer, Way>();

  constructor(setup: ProxyOpenerSetup) {
    this.#setup = setup;
  }

  open(origin: Origin, onread: OnRead | undefined, events: OpeningEvents): () => void {
    const { choice, direct } = this.#setup;
    const proxies = choice.next(origin);
    if (proxies.length === 0) return direct[origin.scheme].open(origin, onread, events);
    const attempts = proxies.map<Attempt>(proxy => ({ onStep, onOpen, onFailure }) => {
      const way = this.#wayOf(proxy);
      return way[origin.scheme].open(origin, onread, {
        onStep,
        onOpen: (socket, reads) => onOpen(socket, reads, way.hops[origin.scheme]),
        onFailure,
      });
    });
    const race = new ProxyRace(attempts, events);
    return () => race.stop();
  }

  #wayOf(proxy: ProxyServer): Way {
    let way = this.#ways.get(proxy);
    if (way === undefined) {
      way = this.#makeWay(proxy);
      this.#ways.set(proxy, way);
    }
    return way;
  }

  #makeWay(proxy: ProxyServer): Way {
    const { tcp, direct } = this.#setup;
    const reach =
      proxy.origin.scheme === "https"
        ? new TlsOpener(proxy.tls, tcp, { protocols: ["http/1.1"], trust: undefined })
        : new PlainOpener(tcp);
    const tunnel = new Tunnel({ proxy, reach, names: tcp });
    const carries = { name: proxy.name, forwards: false, fields: "" };
    const https = direct.https.over(tunnel);
    if (proxy.scheme.startsWith("socks"))
      return { http: new PlainOpener(tunnel), https, hops: { http: carries, https: carries } };
    const forwards = { name: proxy.name, forwards: true, fields: proxy.fields };
    return { http: forwarding(proxy, reach), https, hops: { http: forwards, https: carries } };
  }
}

/** How a proxy is used for each scheme of URLs. */
interface Way {
  readonly http: Opener;
  readonly https: Opener;
  readonly hops: Readonly<Record<Origin["scheme"], ProxyHop>>;
}

/** To the proxy itself: it reads the requests. */
function forwarding(proxy: ProxyServer, reach: Opener): Opener {
  return {
    open: (_, onread, events) =>
      reach.open(proxy.origin, onread, {
        onStep: step => events.onStep(step),
        onOpen: (socket, reads) => events.onOpen(socket, reads),
        onFailure: error => events.onFailure(unreachable(proxy, error)),
      }),
  };
}

import { InvalidOption } from "../../../core/errors.ts";
import { isThisMachine, type NoProxy, parseNoProxy } from "./no-proxy.ts";
import { type ProxyServer, parseProxy } from "./proxy.ts";

export interface EnvironmentProxies {
  readonly http: readonly ProxyServer[];
  readonly https: readonly ProxyServer[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxies that the environment names, as curl reads it: a name in lower case comes before the one in upper case, an empty
 * value is "none". HTTP_PROXY is not heeded in CGI programs (where REQUEST_METHOD is set): there it is what a client sent as
 * its field `Proxy`. This machine itself is never reached through them.
 *
 * @throws InvalidOption naming the variable that holds no proxy's URL
 */
export function environmentProxies(environment: Environment): EnvironmentProxies {
  const isCgi = Object.hasOwn(environment, "REQUEST_METHOD");
  const find = (name: string) => variableOf(environment, name, !(isCgi && name === "http_proxy"));
  const noProxy = parseNoProxy(find("no_proxy")?.value ?? "");
  const bypasses: NoProxy = (hostname, port) => isThisMachine(hostname) || noProxy(hostname, port);
  const read = (name: string): readonly ProxyServer[] => {
    const found = find(name) ?? find("all_proxy");
    if (found === undefined || found.value === "") return [];
    return [{ ...fromVariable(found), bypasses }];
  };
  return { http: read("http_proxy"), https: read("https_proxy") };
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

function variableOf(environment: Environment, name: string, inUpperCase: boolean): Variable | undefined {
  for (const key of inUpperCase ? [name, name.toUpperCase()] : [name]) {
    // Its own: what stands on Object.prototype names no proxy.
    const value = Object.hasOwn(environment, key) ? environment[key] : undefined;
    if (value !== undefined) return { name: key, value: value.trim() };
  }
  return undefined;
}

function fromVariable({ name, value }: Variable): ProxyServer {
  try {
    return parseProxy(value, `the environment variable ${name}`);
  } catch (error) {
    throw new InvalidOption(`${(error as Error).message}; trustEnv: false leaves the environment out`);
  }
}

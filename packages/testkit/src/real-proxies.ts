import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type ServerProcess, serverProcess } from "./server-process.ts";
import { testCertificates } from "./test-certificates.ts";

/** Proxies of Debian's; each asks for the user name `me` and the password `secret`, but for Dante. */
export type RealProxy = "squid" | "squid-tls" | "tinyproxy" | "microsocks" | "danted";

interface Facts {
  readonly port: number;
  readonly directory: string;
}

interface Start {
  readonly debian: string;
  readonly command: string;
  args(facts: Facts): readonly string[];
  /** The text of `proxy.conf`, where it has one. */
  config?(facts: Facts): string;
}

const STARTS: Readonly<Record<RealProxy, Start>> = {
  squid: {
    debian: "squid",
    command: "/usr/sbin/squid",
    args: ({ directory }) => ["-N", "-f", join(directory, "proxy.conf")],
    config: facts => squidConfig(facts, `http_port 127.0.0.1:${facts.port}`),
  },
  "squid-tls": {
    debian: "squid",
    command: "/usr/sbin/squid",
    args: ({ directory }) => ["-N", "-f", join(directory, "proxy.conf")],
    config: facts => {
      const { cert, key } = testCertificates().valid;
      const pem = join(facts.directory, "server.pem");
      writeFileSync(pem, cert + key);
      return squidConfig(facts, `https_port 127.0.0.1:${facts.port} tls-cert=${pem}`);
    },
  },
  tinyproxy: {
    debian: "tinyproxy-bin",
    command: "tinyproxy",
    args: ({ directory }) => ["-d", "-c", join(directory, "proxy.conf")],
    config: ({ port, directory }) => `
Port ${port}
Listen 127.0.0.1
Timeout 60
MaxClients 50
LogFile "${join(directory, "error.log")}"
LogLevel Warning
Allow 127.0.0.1
BasicAuth me secret
`,
  },
  microsocks: {
    debian: "microsocks",
    command: "microsocks",
    args: ({ port }) => ["-i", "127.0.0.1", "-p", String(port), "-u", "me", "-P", "secret"],
  },
  danted: {
    debian: "dante-server",
    command: "/usr/sbin/danted",
    args: ({ directory }) => ["-f", join(directory, "proxy.conf"), "-p", join(directory, "proxy.pid")],
    // Its user names are those of the system: none is asked for here.
    config: ({ port, directory }) => `
logoutput: ${join(directory, "error.log")}
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 command: connect }
socks pass { from: 0.0.0.0/0 to: 127.0.0.0/8 command: connect }
`,
  },
};

/**
 * Starts a proxy of Debian's, in the foreground, with a folder of its own, on a free port of 127.0.0.1.
 *
 * @throws Error when it is not installed, or does not start; with its error log
 */
export async function realProxy(kind: RealProxy): Promise<ServerProcess> {
  const { debian, command, args, config } = STARTS[kind];
  const directory = mkdtempSync(join(tmpdir(), `skein-${kind}-`));
  try {
    if (command.startsWith("/") && !existsSync(command))
      throw new Error(`${kind} is not installed: apt-get install ${debian}`);
    // Some give up root's rights before they write there.
    chmodSync(directory, 0o777);
    const facts = { port: await freePort(), directory };
    if (config !== undefined) writeFileSync(join(directory, "proxy.conf"), config(facts));
    return await serverProcess(command, args(facts), { ...facts, debian });
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function squidConfig({ directory }: Facts, listen: string): string {
  const helper = join(directory, "auth.sh");
  writeFileSync(helper, 'while read -r line; do [ "$line" = "me secret" ] && echo OK || echo ERR; done\n');
  return `
${listen}
pid_filename ${join(directory, "squid.pid")}
cache_log ${join(directory, "error.log")}
access_log none
cache_store_log none
cache deny all
coredump_dir ${directory}
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname skein.test
auth_param basic program /bin/sh ${helper}
auth_param basic children 1 startup=1 idle=1
auth_param basic realm skein
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
`;
}

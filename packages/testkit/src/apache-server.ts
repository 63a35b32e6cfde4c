import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type ServerProcess, serverProcess } from "./server-process.ts";

export interface ApacheOptions {
  /** The modules to load, beside the ones that every server needs: "auth_digest". */
  modules: readonly string[];
  /** Directives of the server, and of what it serves. */
  directives: (facts: { readonly directory: string }) => string;
  /** The files in the folder of the server, by their names; those below `www/` are served. */
  files: Readonly<Record<string, string>>;
}

/** Where Debian keeps them. */
const MODULES = "/usr/lib/apache2/modules";
const NEEDED = ["mpm_event", "authn_core", "authz_core"];

/**
 * Starts Debian's Apache (in the foreground, in one process) with a folder of its own on a free port.
 *
 * @throws Error when it is not installed, or does not start; with its error log
 */
export async function apacheServer(options: ApacheOptions): Promise<ServerProcess> {
  if (!existsSync(MODULES)) throw new Error("Apache is not installed: apt-get install apache2-bin");
  const directory = mkdtempSync(join(tmpdir(), "skein-apache-"));
  try {
    mkdirSync(join(directory, "www"));
    for (const [name, text] of Object.entries(options.files)) writeFileSync(join(directory, name), text);
    const port = await freePort();
    writeFileSync(join(directory, "apache.conf"), config(port, directory, options));
    const args = ["-X", "-d", directory, "-f", join(directory, "apache.conf")];
    return await serverProcess("apache2", args, { port, directory, debian: "apache2-bin" });
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function config(port: number, directory: string, { modules, directives }: ApacheOptions): string {
  const loaded = [...NEEDED, ...modules].map(name => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`);
  return `
${loaded.join("\n")}
Listen 127.0.0.1:${port}
ServerName 127.0.0.1
DefaultRuntimeDir ${JSON.stringify(directory)}
PidFile apache.pid
ErrorLog error.log
DocumentRoot ${JSON.stringify(join(directory, "www"))}
KeepAlive On
${directives({ directory })}
`;
}

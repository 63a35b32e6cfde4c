import { Client } from "../../entry/node.ts";
import { type CommonFlags, tlsOf } from "../args/connection.ts";
import type { CredentialFlags } from "../args/credential-options.ts";
import { RequestLog } from "../args/log.ts";
import { networkOf } from "../args/network.ts";
import type { PreviewFlags } from "../args/preview-options.ts";
import { Session } from "../args/session.ts";

/** Flags of commands that send one request, or show it. */
export interface SingleFlags extends CommonFlags, CredentialFlags, PreviewFlags {}

/** Runs a command that sends one request, with the client that its flags ask for; what it has opened is closed and kept in the end. */
export async function withClient<T>(flags: SingleFlags, run: (client: Client) => Promise<T>): Promise<T> {
  const options = clientOptions(flags);
  const session = flags.session === undefined ? undefined : await Session.open(flags.session);
  const log = flags.log === undefined ? undefined : new RequestLog(flags.log);
  const client = new Client({
    ...options,
    ...(session && { cookies: session.jar }),
    ...(log && { logger: log }),
  });
  try {
    return await run(client);
  } finally {
    await client.close();
    log?.close();
    if (!flags.dryRun && !flags.curl) await session?.save();
  }
}

function clientOptions(flags: SingleFlags) {
  const tls = tlsOf(flags);
  const { timeout, connectTimeout, maxBody, user, location } = flags;
  return {
    redirect: location ? { downgrade: true } : false,
    timeout: {
      ...(timeout === undefined ? {} : { total: timeout }),
      ...(connectTimeout === undefined ? {} : { connect: connectTimeout }),
    },
    ...(maxBody === undefined ? {} : { limits: { maxResponseBytes: maxBody } }),
    ...(user === undefined ? {} : { auth: user }),
    ...(tls === undefined ? {} : { tls }),
    ...networkOf(flags),
  } as const;
}

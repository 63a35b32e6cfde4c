import { type OriginRoute, onTestFinished, originServer, sendText } from "@skein/testkit";
import { Client, type ClientOptions } from "../../src/entry/node.ts";

/** Two origins (their ports differ) and a client, closed when the test has finished. */
export async function start(routes: Record<string, OriginRoute>, options: ClientOptions = {}) {
  const [origin, other] = await Promise.all([originServer({ routes }), originServer({ routes })]);
  const client = new Client({ timeout: "10s", retry: false, ...options });
  onTestFinished(async () => {
    await client.close();
    await Promise.all([origin.close(), other.close()]);
  });
  return { origin, other, client };
}

/** A path that redirects to `url`. */
export function redirect(url: string): string {
  return `/redirect/307?to=${encodeURIComponent(url)}`;
}

/** The authorization of each request that a server got. */
export function seen(server: { requests: readonly { header(name: string): string | undefined }[] }) {
  return server.requests.map(request => request.header("authorization"));
}

export function basic(pair: string): string {
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

/** Answers 200 only where the token is one of `valid`. */
export function guarded(valid: Set<string>): OriginRoute {
  return ({ request, response }) => {
    const token = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
    response.statusCode = valid.has(token) ? 200 : 401;
    sendText(response, token);
  };
}

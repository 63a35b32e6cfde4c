// The demo's servers, in a process of their own: so that their work does not slow down the client's.
import { type OriginExchange, originServer, sendText } from "@skein/testkit/servers";

/** Every so many requests the limited origin wants a second of rest. */
const LIMIT_EVERY = 150;

const main = await originServer({ remember: 0 });
const limited = await originServer({ remember: 0, routes: { page: pageWithLimit } });

process.send?.({ main: main.url, limited: limited.url });

// Ctrl-C reaches every process of the terminal; requests in flight shall end well, so the demo ends this one.
process.on("SIGINT", () => undefined);
process.on("disconnect", async () => {
  await Promise.all([main.close(), limited.close()]);
});

function pageWithLimit({ response, parts, count }: OriginExchange): void {
  if (count("requests") % LIMIT_EVERY === 0) {
    response.statusCode = 429;
    response.setHeader("retry-after", "1");
    sendText(response, "too many requests");
  } else sendText(response, `page ${parts[1]}`);
}

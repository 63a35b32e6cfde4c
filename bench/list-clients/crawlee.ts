/** Crawlee's HttpCrawler with its storage in memory. */
import { readFileSync } from "node:fs";
import { Configuration, HttpCrawler, LogLevel, log } from "@crawlee/http";

const [list, , inFlight] = process.argv.slice(2) as [string, string, string];
log.setLevel(LogLevel.ERROR);
const configuration = new Configuration({ persistStorage: false, purgeOnStart: true });
const crawler = new HttpCrawler(
  {
    minConcurrency: Number(inFlight),
    maxConcurrency: Number(inFlight),
    additionalMimeTypes: ["text/plain"],
    async requestHandler({ request, body, pushData }) {
      await pushData({ url: request.url, body: body.toString() });
    },
  },
  configuration,
);
await crawler.run(readFileSync(list, "utf8").split("\n").filter(Boolean));

// A job on disk, its journal opened, and the dashboard that serves it.

import { request } from "node:http";
import { onTestFinished } from "@skein/testkit";
import { RecordedView } from "../../src/cli/dashboard/recorded-view.ts";
import { Dashboard } from "../../src/cli/dashboard/server.ts";
import { JobLog } from "../../src/jobs/inspect/job-log.ts";

export interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

export function askServer(
  port: number,
  { path, method = "GET", headers = {}, body }: Asked,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers, agent: false });
    asked.once("error", reject);
    asked.once("response", response => {
      let text = "";
      response.setEncoding("utf8").on("data", part => {
        text += part;
      });
      response.once("end", () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      response.once("error", reject);
    });
    asked.end(body);
  });
}

/** A dashboard and its token, asked over a socket with whatever headers the test wants. */
export class ServedJob {
  readonly dashboard: Dashboard;
  readonly port: number;
  readonly token: string;

  constructor(dashboard: Dashboard) {
    const url = new URL(dashboard.url);
    this.dashboard = dashboard;
    this.port = Number(url.port);
    this.token = url.searchParams.get("token")!;
  }

  ask(asked: Asked): Promise<Answered> {
    return askServer(this.port, asked);
  }

  /** With the token; the answer is JSON. */
  async json<T>(path: string): Promise<T> {
    const { status, text } = await this.ask({ path, headers: { authorization: `Bearer ${this.token}` } });
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }
}

/** Serves the journal of an output until the test ends. */
export async function serveRecorded(output: string): Promise<ServedJob> {
  const log = await JobLog.open(output);
  const view = new RecordedView(log);
  const dashboard = await Dashboard.open(() => view);
  onTestFinished(async () => {
    await dashboard.close();
    await log.close();
  });
  return new ServedJob(dashboard);
}

/**
 * `npm run bench:large-job [-- count]`: a job of ten million URLs, killed when nearly all of them have been done. It is to start within
 * 2 s, to resume within 5 s, and to take no more than 200 MB; then the commands that look at a job have their turn. Needs Linux
 * (/proc), about 10 minutes and 5 GB in the folder for temporary files. Build first.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const SKEIN = fileURLToPath(new URL("../packages/skein/bin/skein.js", import.meta.url));
const LIMITS = { startMs: 2_000, resumeMs: 5_000, megabytes: 200 };
const ORIGINS = 4;
/** One in so many is refused, so that more than one ending is counted. */
const REFUSED_SUFFIX = "77 ";
const MOST_LEFT = 60_000;
/** As `skein fetch` itself ends. */
const SOME_FAILED = 1;

const count = Number(process.argv[2] ?? 10_000_000);
const folder = mkdtempSync(join(tmpdir(), "skein-large-job-"));
const [list, output] = [join(folder, "urls.txt"), join(folder, "out.jsonl")];
const misses: string[] = [];

// ── the server: as little as can be, so that it is the job that is measured ──

let served = 0;
const answer = (status: string) =>
  Buffer.from(`HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok`);
const [found, refused] = [answer("200 OK"), answer("404 Not Found")];

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  let rest = "";
  socket.on("data", (bytes: Buffer) => {
    const heads = (rest + bytes.toString("latin1")).split("\r\n\r\n");
    rest = heads.pop()!;
    for (const head of heads) {
      const line = head.slice(0, head.indexOf("\r\n"));
      socket.write(line.includes(REFUSED_SUFFIX) ? refused : found);
      served++;
    }
  });
}

function writeList(port: number): void {
  const file = openSync(list, "w");
  for (let item = 1, text = ""; item <= count; item++) {
    text += `http://127.0.0.${1 + (item % ORIGINS)}:${port}/item/${item}\n`;
    if (text.length > 1e6 || item === count) {
      writeSync(file, text);
      text = "";
    }
  }
  closeSync(file);
}

// ── a command, its time and its memory ──

class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  megabytes = 0;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [SKEIN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    this.ended = once(this.child, "exit");
    this.#timer = setInterval(() => this.#look(), 100);
    void this.ended.then(() => clearInterval(this.#timer));
  }

  get ms(): number {
    return Math.round(performance.now() - this.#startedAt);
  }

  /** VmHWM: the most that it has ever had. */
  #look(): void {
    try {
      const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
      const kilobytes = /VmHWM:\s+(\d+)/.exec(status)?.[1];
      this.megabytes = Math.max(this.megabytes, Math.round(Number(kilobytes ?? 0) / 1_024));
    } catch {
      // It has ended.
    }
  }
}

function fetchAll(): Command {
  const pace = ["-j", "200", "--per-host", "100"];
  return new Command("fetch", list, "-o", output, ...pace, "--progress", "none", "-q");
}

async function untilServed(number: number, command: Command): Promise<number> {
  while (served < number && command.child.exitCode === null) await delay(number - served > 1_000 ? 50 : 1);
  return command.ms;
}

function tell(what: string, { ms, megabytes }: { ms: number; megabytes: number }, limitMs?: number): void {
  console.log(
    `${what.padEnd(36)} ${(ms / 1_000).toFixed(2).padStart(8)} s ${String(megabytes).padStart(6)} MB`,
  );
  if (limitMs === undefined) return;
  if (ms > limitMs) misses.push(`${what}: ${ms} ms, not ${limitMs}`);
  if (megabytes > LIMITS.megabytes) misses.push(`${what}: ${megabytes} MB, not ${LIMITS.megabytes}`);
}

// ── the parts ──

async function start(): Promise<void> {
  const command = fetchAll();
  const ms = await untilServed(1, command);
  await untilServed(count - Math.min(MOST_LEFT, count / 10), command);
  command.child.kill("SIGKILL");
  await command.ended;
  console.log(`${served.toLocaleString("en")} sent in ${Math.round(command.ms / 1_000)} s, then killed`);
  tell("first request of a new job", { ms, megabytes: command.megabytes }, LIMITS.startMs);
}

async function resume(): Promise<void> {
  const before = served;
  const command = fetchAll();
  const ms = await untilServed(before + 1, command);
  await command.ended;
  tell("first request of the resumed one", { ms, megabytes: command.megabytes }, LIMITS.resumeMs);
}

/** What a command that looks at the job says; it has to end well. */
async function look(what: string, expected: number, ...args: string[]): Promise<string> {
  const command = new Command(...args);
  let text = "";
  command.child.stdout!.setEncoding("utf8").on("data", chunk => {
    text += chunk;
  });
  await command.ended;
  tell(what, command);
  const { exitCode } = command.child;
  if (exitCode !== expected) misses.push(`${what} ended with ${exitCode}: ${text.slice(0, 500)}`);
  return text;
}

/** Until the page would show its first figures. */
async function page(): Promise<void> {
  const command = new Command("ui", output);
  const [line] = (await once(command.child.stdout!.setEncoding("utf8"), "data")) as [string];
  tell("ui: its URL", command);
  const { origin, searchParams } = new URL(line.trim());
  const token = searchParams.get("token");
  const response = await fetch(`${origin}/api/events?token=${token}`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes("event: snapshot"); ) text += (await reader.read()).value ?? "";
  tell("ui: the first figures", command);
  command.child.kill("SIGTERM");
  await command.ended;
}

const server = createServer(serve).listen(0, "0.0.0.0");
await once(server, "listening");
try {
  writeList((server.address() as AddressInfo).port);
  await start();
  await resume();
  const status = JSON.parse(await look("status", SOME_FAILED, "status", output, "--json")) as Record<
    string,
    unknown
  >;
  if (status.done !== count || status.complete !== true)
    misses.push(`status: ${JSON.stringify(status)}, not ${count} done`);
  await page();
  await look("report", 0, "report", output, "-o", join(folder, "report.html"));
  await look("verify", 0, "verify", output);
  const bytes = statSync(`${output}.job.db`).size;
  console.log(
    `the journal has ${Math.round(bytes / 1e6)} MB, the output ${Math.round(statSync(output).size / 1e6)} MB`,
  );
} finally {
  server.close();
  rmSync(folder, { recursive: true });
}
for (const miss of misses) console.error(`MISSED ${miss}`);
process.exitCode = misses.length === 0 ? 0 : 1;

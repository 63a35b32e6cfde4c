/** How long requests in flight may take to end, once the user has asked to stop. */
export const DRAIN_TIME = 10_000;

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface StopHandlers {
  /** Asked once: start nothing more, let what is in flight end. */
  drain(signal: NodeJS.Signals): void;
  /** Asked twice, or the drain took too long. */
  abort(why: "signal" | "drain-time"): void;
  /** Asked a third time: whatever holds the end up, it is not waited for. */
  kill(): void;
}

/** Where signals come from; `process`, but for tests. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

/** Turns Ctrl-C and its like into a drain, then an abort. Returns what stops listening. */
export function handleStopSignals(handlers: StopHandlers, source: SignalSource = process): () => void {
  let asked = 0;
  let timer: NodeJS.Timeout | undefined;
  const abort = (why: "signal" | "drain-time") => {
    clearTimeout(timer);
    asked = 2;
    handlers.abort(why);
  };
  const listener = (signal: NodeJS.Signals) => {
    asked += 1;
    if (asked > 2) return handlers.kill();
    if (asked === 2) return abort("signal");
    timer = setTimeout(() => abort("drain-time"), DRAIN_TIME);
    handlers.drain(signal);
  };
  for (const signal of STOP_SIGNALS) source.on(signal, listener);
  return () => {
    clearTimeout(timer);
    for (const signal of STOP_SIGNALS) source.off(signal, listener);
  };
}

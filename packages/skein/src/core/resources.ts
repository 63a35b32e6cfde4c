/** What this process uses of what it may use, where the runtime and the system tell. */
export interface Resources {
  /** File descriptors; undefined where the system does not say. It costs about a microsecond for each that is open. */
  descriptors(): { readonly open: number; readonly limit: number } | undefined;
  /** The share of memory in use, from 0 to 1: of the heap, or of what the system gives the process, whichever is more. */
  memory(): number;
}

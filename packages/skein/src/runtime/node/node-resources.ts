import { readdirSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import type { Resources } from "../../core/resources.ts";

/** What the system tells of this process: its descriptors on Linux, its memory everywhere. */
export const nodeResources: Resources = {
  descriptors() {
    const limit = descriptorLimit();
    return limit === undefined ? undefined : { open: openDescriptors(limit), limit };
  },
  memory() {
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    const oldGeneration = Math.max(heap_size_limit - YOUNG_GENERATION, 0.3 * heap_size_limit);
    return Math.max(used_heap_size / oldGeneration, residentBytes() / memoryLimit());
  },
};

/** Of bytes: what V8 counts as the heap's limit holds them, but what lives on does not fit in there. */
const YOUNG_GENERATION = 100 * 1024 * 1024;

function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    // It is read from a file, and there may be no descriptor for one.
    return 0;
  }
}

/** Of the running process: it may have been changed meanwhile. */
function descriptorLimit(): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const soft = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    // Without /proc nobody tells; and without a descriptor for reading it, the first failure does.
    return undefined;
  }
}

function openDescriptors(limit: number): number {
  try {
    // The one that it is read through is closed again.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return limit;
  }
}

/** What the system, or the container's limit, leaves to this process. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

import type { SettledTask } from "./task.ts";
import type { TaskRecord } from "./task-record.ts";

/** Who waits for the end of tasks that were added. */
export class AddedTasks<I, V> {
  readonly #awaited = new Map<TaskRecord<I>, (settled: SettledTask<I, V>) => void>();

  endOf(task: TaskRecord<I>): Promise<SettledTask<I, V>> {
    return new Promise(resolve => {
      this.#awaited.set(task, resolve);
    });
  }

  settled(task: TaskRecord<I>, settled: SettledTask<I, V>): void {
    if (this.#awaited.size === 0) return;
    this.#awaited.get(task)?.(settled);
    this.#awaited.delete(task);
  }
}

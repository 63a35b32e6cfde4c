/** What the scheduler needs to know of a task. */
export interface Schedulable {
  /** The key of the origin that it goes to. */
  readonly origin: string;
  /** When it must have ended; `Infinity` where it has no end. */
  readonly deadline: number;
  /** Among the tasks of its origin the higher goes first; 0 where nobody said. */
  readonly priority: number;
}

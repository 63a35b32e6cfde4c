/** Where a runtime lets tools look on (`node:diagnostics_channel`). */
export interface Diagnostics {
  /** Whether anybody looks on at this moment: else nothing is made for them. */
  readonly hasSubscribers: boolean;
  publish(moment: "start" | "end" | "error", message: object): void;
}

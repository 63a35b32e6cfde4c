import { brandOf, SkeinError } from "../core/errors.ts";
import { messageOf } from "../core/message-of.ts";

/**
 * Several calls or tasks failed, and none of them alone is the reason; as the platform's AggregateError, it lists them in
 * `errors`.
 *
 * @example
 * try {
 *   await gather.any(mirrors.map(url => signal => client.get(url, { signal }).bytes()));
 * } catch (error) {
 *   if (isGroupError(error)) for (const each of error.errors) console.error(each);
 * }
 */
export class GroupError extends SkeinError {
  declare readonly code: "GROUP_FAILED";
  /** What they failed with: of `gather.any` in the order of the calls, of a TaskGroup in the order of time. */
  readonly errors: readonly unknown[];

  constructor(reason: string, errors: readonly unknown[]) {
    const [first] = errors;
    super("GROUP_FAILED", errors.length === 0 ? reason : `${reason}; the first: ${messageOf(first)}`);
    this.errors = errors;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), errors: this.errors };
  }
}

/** A TaskGroup that has ended was given another task: it would outlive its block. */
export class GroupClosed extends SkeinError {
  declare readonly code: "GROUP_CLOSED";

  constructor() {
    super("GROUP_CLOSED", "the group has ended: what is run now would outlive it");
  }
}

// As those of core/errors.ts, which are there from the start of a page; these come with who uses them.
for (const [name, type] of Object.entries({ GroupError, GroupClosed })) {
  Object.defineProperty(type.prototype, "name", { value: name, writable: true, configurable: true });
  Object.defineProperty(type.prototype, brandOf(name as "GroupError" | "GroupClosed"), { value: true });
}

/** Whether `value` is a GroupError, also one of another installed copy. */
export function isGroupError(value: unknown): value is GroupError {
  return typeof value === "object" && value !== null && brandOf("GroupError") in value;
}

/** Whether `value` is a GroupClosed, also one of another installed copy. */
export function isGroupClosed(value: unknown): value is GroupClosed {
  return typeof value === "object" && value !== null && brandOf("GroupClosed") in value;
}

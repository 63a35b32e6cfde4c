import type { Clock } from "../core/clock.ts";
import type { Deadline } from "../core/deadline.ts";
import type { SkeinError } from "../core/errors.ts";
import type { Request } from "../core/request.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Resources } from "../core/resources.ts";
import type { Service } from "../core/service.ts";
import type { BatchBounds } from "./batch-settings.ts";
import type { BuiltItem } from "./task-deadline.ts";

/** What a batch is given by the client that makes it. */
export interface BatchBase<R> extends BatchBounds {
  readonly clock: Clock;
  /** Missing where nobody tells what the process uses. */
  readonly resources?: Resources | undefined;
  /** How many requests can have a connection of their own now. */
  readonly room?: (() => number | undefined) | undefined;
  /** A stack that has no retry layer. */
  readonly service: Service;
  /**
   * The request of an item, and the milliseconds that its task has in all; `Infinity` where there is no end. `deadline` is for an
   * item that says none of its own.
   */
  build(item: R, deadline: Deadline | undefined): BuiltItem;
  /** Makes an error one for people: its whole line, its stack; and tells who wants to know. */
  complete(
    error: unknown,
    call: {
      request: Request | undefined;
      elapsed: number;
      attempts: number;
      context: RequestContext;
    },
  ): SkeinError | Promise<SkeinError>;
}

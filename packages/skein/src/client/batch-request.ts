import type { Clock } from "../core/clock.ts";
import { type Deadline, timeLeft } from "../core/deadline.ts";
import { InvalidOption } from "../core/errors.ts";
import { ownOptions } from "../core/own-options.ts";
import type { Request } from "../core/request.ts";
import { type BodilessOptions, buildRequest } from "./build-request.ts";
import { type CallOptionName, refuseCallOptions } from "./call-options.ts";
import { refuseCredentials } from "./credentials.ts";
import type { ClientSettings } from "./options.ts";
import { type ProgressOptions, refuseProgress } from "./progress-options.ts";
import type { BodyOptions } from "./request-body.ts";

/** What belongs to a call rather than to its request: a request that is only built can't carry it. */
export type OfTheCall = "auth" | "cookies" | keyof ProgressOptions | CallOptionName;

/** A request of a batch, where a URL alone does not say enough. */
export type BatchRequest = BatchRequestTarget & Omit<BodilessOptions, OfTheCall> & BodyOptions;

interface BatchRequestTarget {
  url: string | URL;
  /** Default: GET. */
  method?: string;
  /**
   * When this item must have ended, attempts and waits included: a duration from when it was taken from the input, or a Date.
   * Later it fails with TotalTimeout. (The batch's `timeout` is for each attempt.) `null`: never. Default: the batch's `deadline`.
   */
  deadline?: BodilessOptions["deadline"];
}

/** A request of a batch, and the milliseconds that its task has. */
export interface BuiltItem {
  readonly request: Request;
  readonly timeLeft: number;
}

/** @throws InvalidUrl, UnsupportedProtocol, InvalidOption */
export function buildItem(
  settings: ClientSettings,
  item: string | URL | BatchRequest,
  { clock, deadline: common }: { clock: Clock; deadline: Deadline | undefined },
): BuiltItem {
  if (typeof item === "string" || item instanceof URL) {
    const request = buildRequest(settings, "GET", { url: item, options: undefined });
    return { request, timeLeft: timeLeft(common, clock) };
  }
  if (typeof item !== "object" || item === null || item.url === undefined) {
    throw new InvalidOption(`request: expected a URL, or an object with "url"; got ${typeof item}`);
  }
  const { url, method = "GET", deadline = common, ...rest } = ownOptions(item);
  const options = ownOptions(rest);
  refuseCredentials(options, "those of the client are sent");
  refuseProgress(options, "a batch tells of its own");
  refuseCallOptions(options, "the batch and its client say that for all items");
  return { request: buildRequest(settings, method, { url, options }), timeLeft: timeLeft(deadline, clock) };
}

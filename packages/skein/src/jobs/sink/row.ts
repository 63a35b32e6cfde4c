// The output's row, version 1: one JSON object a line, its names always in this order.
//
//   v id url finalUrl state status attempts timings bytes sha256 contentType body|bodyBase64|path error meta
//
// `body`, `bodyBase64`, `path`, `error` and `meta` are left out where there is none; the others are null.

import { withoutUserinfo } from "../../core/redact-url.ts";
import type { SettledTask, SkeinError } from "../../entry/node.ts";
import type { SourceItem } from "../source/source.ts";
import type { BodyFields, BodyWriter } from "./body-writer.ts";

const ROW_VERSION = 1;

/** Rows are put together from text, since this is done for every item: JSON.stringify of an object costs three times that. */
export class RowWriter {
  readonly #bodies: BodyWriter;

  constructor(bodies: BodyWriter) {
    this.#bodies = bodies;
  }

  /** The row of a task that succeeded or failed. A file that it names is handed to the body writer's `onFile`. */
  settled(item: SourceItem, task: SettledTask<unknown, unknown>): string {
    const { response, timings, error } = task;
    const url = JSON.stringify(withoutUserinfo(item.request.url));
    const body = response?.hasContent ? this.#bodies.write(response) : NO_BODY;
    return (
      `${rowStart(item)},"url":${url},"finalUrl":${response === undefined ? "null" : quoted(response.url, url)}` +
      `,"state":"${task.state}","status":${response?.status ?? null},"attempts":${task.attempts.length}` +
      `,"timings":{"queued":${tenths(timings.queued)},"waited":${tenths(timings.waited)},"served":${tenths(timings.served)}}` +
      `,"bytes":${body.bytes},"sha256":${body.sha256},"contentType":${body.contentType}${body.content}` +
      `${error === undefined ? "" : errorField(error)}${rowEnd(item)}`
    );
  }

  /** The row of an item of which nobody knows whether the server processed it. */
  unknown(item: SourceItem): string {
    const url = JSON.stringify(withoutUserinfo(item.request.url));
    const error = { code: "INTERRUPTED", phase: null, message: INTERRUPTED };
    return (
      `${rowStart(item)},"url":${url},"finalUrl":null,"state":"unknown","status":null,"attempts":null,"timings":null` +
      `,"bytes":null,"sha256":null,"contentType":null,"error":${JSON.stringify(error)}${rowEnd(item)}`
    );
  }
}

export const INTERRUPTED =
  "the process ended while this request may have been on its way; it is not safe to repeat, so it was not sent again";

const NO_BODY: BodyFields = { bytes: "null", sha256: "null", contentType: "null", content: "" };

function rowStart({ id, line }: SourceItem): string {
  return `{"v":${ROW_VERSION},"id":${typeof id === "string" ? JSON.stringify(id) : (id ?? line)}`;
}

function rowEnd({ meta }: SourceItem): string {
  return meta === undefined ? "}\n" : `,"meta":${JSON.stringify(meta)}}\n`;
}

/** Mostly the final URL is the one that was asked for, whose text is at hand. */
function quoted(text: string, known: string): string {
  return text.length === known.length - 2 && known.startsWith(text, 1) ? known : JSON.stringify(text);
}

function errorField({ code, phase, message }: SkeinError): string {
  return `,"error":${JSON.stringify({ code, phase: phase ?? null, message })}`;
}

/** Milliseconds to a tenth: what is below it is noise. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

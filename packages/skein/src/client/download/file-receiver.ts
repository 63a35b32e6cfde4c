import { ReadError, RemoteProtocolError, type SkeinError } from "../../core/errors.ts";
import type { DownloadFile } from "../../core/files.ts";
import type { Request } from "../../core/request.ts";
import type { BodyReceiver } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { ProgressMeter } from "../../policy/progress-meter.ts";
import { type ContentRange, parseContentRange, parseUnsatisfied, strongEtag } from "./content-range.ts";

const MOST_OF_A_REFUSAL = 64 * 1024;

/** Sends the request once more, for the whole. */
type SendAnew = () => Promise<Response>;

/**
 * Receives the attempts of a download into one file. What an attempt has left is gone on with when the server vouches
 * that it still is the beginning of the same bytes (Range with If-Range, RFC 9110 §13.1.5, on strong entity tags only).
 */
export class FileReceiver implements BodyReceiver {
  /** Whether bytes of an earlier attempt, or of an earlier download, are part of the file. */
  resumed = false;
  /** Whether the file holds all bytes. */
  isWhole = false;
  readonly #file: DownloadFile;
  readonly #meter: ProgressMeter | undefined;
  readonly #isPlain: boolean;

  /** @param how `isPlain`: to be sent without a content coding, so that what is cut can be gone on with */
  constructor(file: DownloadFile, how: { meter: ProgressMeter | undefined; isPlain: boolean }) {
    this.#file = file;
    this.#meter = how.meter;
    this.#isPlain = how.isPlain;
  }

  async receive(request: Request, send: (request: Request) => Promise<Response>): Promise<Response> {
    const whole = this.#isPlain
      ? request.with({ headers: request.headers.with("Accept-Encoding", "identity") })
      : request;
    const asked = this.#withRange(whole);
    const response = await send(asked);
    const sendAnew = () => send(whole);
    switch (response.status) {
      case 200:
        return this.#takeWhole(response, request);
      case 206:
        return this.#takePart(response, asked === whole ? undefined : sendAnew);
      case 416:
        return asked === whole ? response : this.#unsatisfied(response, sendAnew);
      default:
        return response;
    }
  }

  #withRange(request: Request): Request {
    const { length, note } = this.#file;
    if (length === 0 || note === undefined || note.url !== request.url.href) return request;
    const headers = request.headers.merge({ Range: `bytes=${length}-`, "If-Range": note.etag });
    return request.with({ headers });
  }

  async #takeWhole(response: Response, request: Request): Promise<Response> {
    const { headers } = response;
    // What was encoded on the way can't be gone on with: ranges are of the encoded bytes.
    const isPlain = (headers.get("content-encoding") ?? "identity") === "identity";
    const etag = isPlain ? strongEtag(headers.get("etag")) : undefined;
    const length = headers.get("content-length");
    const total = isPlain && length !== null ? Number(length) : undefined;
    this.resumed = false;
    await this.#file.restart(etag === undefined ? undefined : { url: request.url.href, etag, total });
    this.#meter?.restart(0, total);
    await this.#drain(response);
    this.isWhole = true;
    return response;
  }

  async #takePart(response: Response, sendAnew: SendAnew | undefined): Promise<Response> {
    if (sendAnew === undefined) throw this.#refuse(response, "no part was asked for");
    const range = parseContentRange(response.headers.get("content-range"));
    if (range === undefined) {
      const field = JSON.stringify(response.headers.get("content-range"));
      await this.#file.restart(undefined);
      throw this.#refuse(response, `its Content-Range is ${field}`);
    }
    if (range.first !== this.#file.length) {
      const wanted = this.#file.length;
      await this.#file.restart(undefined);
      throw this.#refuse(response, `it begins at ${range.first}, and ${wanted} was asked for`);
    }
    if (!this.#fits(response, range)) return this.#beginAnew(response, sendAnew);
    return this.#takeRest(response, range);
  }

  /** Whether it can follow the bytes that are there: a server that does not know If-Range sends it whatever it is of. */
  #fits({ headers }: Response, { total }: ContentRange): boolean {
    const { note } = this.#file;
    const etag = headers.get("etag");
    const isSame = etag === null || etag === note?.etag;
    const isAsLong = note?.total === undefined || total === undefined || total === note.total;
    return isSame && isAsLong && !headers.has("content-encoding");
  }

  async #takeRest(response: Response, { first, last, total }: ContentRange): Promise<Response> {
    this.resumed = true;
    this.#meter?.restart(first, total);
    await this.#drain(response);
    const received = this.#file.length - first;
    if (received !== last - first + 1)
      throw this.#refuse(response, `it has ${received} bytes, and announced ${last - first + 1}`);
    // A server may send less than was asked for: the rest is for the next attempt.
    if (total !== undefined && this.#file.length < total) {
      const reason = `the server sent ${this.#file.length} of ${total} bytes`;
      throw new ReadError("BODY_CUT", reason, { phase: "body", requestSent: "full" });
    }
    this.isWhole = true;
    return response;
  }

  /** Nothing follows what is there (416): then it is whole, or no beginning of what there is now. */
  async #unsatisfied(response: Response, sendAnew: SendAnew): Promise<Response> {
    const { length, note } = this.#file;
    const total = parseUnsatisfied(response.headers.get("content-range"));
    const etag = response.headers.get("etag");
    if (total === length && (etag === null || etag === note?.etag)) {
      await response.body.collect(MOST_OF_A_REFUSAL);
      this.resumed = true;
      this.isWhole = true;
      return response;
    }
    return this.#beginAnew(response, sendAnew);
  }

  async #beginAnew(response: Response, sendAnew: SendAnew): Promise<Response> {
    response.body.cancel("the whole is asked for");
    await this.#file.restart(undefined);
    const whole = await sendAnew();
    return whole.status === 200 ? this.#takeWhole(whole, whole.request) : whole;
  }

  #refuse({ body }: Response, why: string): SkeinError {
    const reason = `the server sent a part (206) of no use: ${why}`;
    const error = new RemoteProtocolError("INVALID_RESPONSE", reason, { phase: "body", requestSent: "full" });
    body.cancel(error);
    return error;
  }

  async #drain({ body }: Response): Promise<void> {
    try {
      for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
        await this.#file.append(chunk);
        await this.#meter?.add(chunk.length);
      }
    } catch (error) {
      body.cancel(error);
      throw error;
    }
  }
}

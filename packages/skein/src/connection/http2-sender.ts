import { LocalProtocolError } from "../core/errors.ts";
import { messageOf } from "../core/message-of.ts";
import type { ProxyHop } from "../core/proxy-options.ts";
import type { Request } from "../core/request.ts";
import type { SendWindow } from "../protocol/http2/flow-window.ts";
import { HpackEncoder } from "../protocol/http2/hpack/hpack-encoder.ts";
import { RequestFields } from "../protocol/http2/request-fields.ts";
import { listSizeOf, type RequestHead, writeRequestHead } from "../protocol/http2/request-head.ts";
import type { Http2Output } from "./http2-output.ts";
import type { PeerSettings } from "./http2-settings.ts";
import type { Http2Stream } from "./http2-stream.ts";
import { Http2Upload } from "./http2-upload.ts";
import { bodyFailed, openBody } from "./outgoing-body.ts";
import { checkForProxy } from "./outgoing-head.ts";

/** Data that is put together for one write: more waits until the network has taken that. */
const MOST_PENDING = 256 * 1024;

interface SenderParts {
  readonly out: Http2Output;
  /** The connection's. */
  readonly window: SendWindow;
  readonly peerSettings: PeerSettings;
  /** Through which the connection leads. */
  readonly proxy: ProxyHop | undefined;
  /** Some of the stream's body is on its way. */
  onProgress(stream: Http2Stream): void;
  /** All of it is. */
  onSent(stream: Http2Stream): void;
}

/** Puts requests into frames: their heads at once, their bodies as far as the windows allow (RFC 9113 §6.9). */
export class Http2Sender {
  readonly window: SendWindow;
  readonly #parts: SenderParts;
  readonly #encoder = new HpackEncoder();
  /** Streams with data that waits for a window, or for the network, in their order. */
  readonly #hungry = new Set<Http2Stream>();

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.window = parts.window;
  }

  get hasMore(): boolean {
    return this.#hungry.size > 0;
  }

  /** What the server's SETTINGS_HEADER_TABLE_SIZE allows. */
  allowTableSize(size: number): void {
    this.#encoder.allowTableSize(size);
  }

  /**
   * @returns whether a body follows
   * @throws LocalProtocolError when it would not be HTTP; nothing was written
   */
  writeHead(stream: Http2Stream): boolean {
    const { request } = stream.exchange;
    const { method, url, body } = request;
    const hasBody = body !== undefined && body.length !== 0;
    try {
      if (this.#parts.proxy !== undefined) checkForProxy(request, this.#parts.proxy);
      const head = {
        streamId: stream.id,
        endStream: !hasBody,
        method,
        scheme: url.origin.scheme,
        authority: url.origin.host,
        path: url.target,
        fields: fieldsOf(request),
        more: lengthOf(request),
      };
      const { maxHeaderListSize } = this.#parts.peerSettings;
      if (maxHeaderListSize !== Number.POSITIVE_INFINITY) checkListSize(head, maxHeaderListSize);
      writeRequestHead(this.#parts.out.writer, this.#encoder, head);
    } catch (cause) {
      const reason = `can't be sent: ${messageOf(cause)}`;
      throw new LocalProtocolError("INVALID_REQUEST", reason, { cause, requestSent: "none" });
    }
    stream.state = hasBody ? "open" : "half-closed-local";
    return hasBody;
  }

  /** @param fail is told when the body can't be read to its end */
  sendBody(stream: Http2Stream, fail: (error: Error) => void): void {
    const upload = new Http2Upload();
    stream.upload = upload;
    const failed = (cause: unknown) => fail(bodyFailed(cause, stream.progress()));
    let source: Uint8Array | AsyncIterable<Uint8Array>;
    try {
      source = openBody(stream.exchange.request.body!, upload);
    } catch (cause) {
      // Not from within dispatch(): the stream is not known yet.
      queueMicrotask(() => failed(cause));
      return;
    }
    if (source instanceof Uint8Array) {
      upload.pending = source;
      upload.isLast = true;
      this.#push(stream);
    } else upload.run(source, () => this.#push(stream)).catch(failed);
  }

  /** Windows have opened, or the network takes more: a frame of each stream that waits, by turns. */
  feed(): void {
    const { out } = this.#parts;
    const { writer } = out;
    for (let progress = true; progress && !out.isBlocked && writer.pending < MOST_PENDING; ) {
      progress = false;
      for (const stream of this.#hungry) if (this.#sendFrame(stream)) progress = true;
    }
    if (writer.pending > 0) out.flushSoon();
  }

  /** It has ended, however. */
  forget(stream: Http2Stream): void {
    this.#hungry.delete(stream);
  }

  #push(stream: Http2Stream): void {
    this.#hungry.add(stream);
    this.feed();
  }

  /** @returns whether something was sent */
  #sendFrame(stream: Http2Stream): boolean {
    const { writer } = this.#parts.out;
    const upload = stream.upload!;
    const { pending } = upload;
    if (upload.ended || (pending.length === 0 && !upload.isLast)) {
      this.#hungry.delete(stream);
      return false;
    }
    const length = this.window.available(
      stream.sendWindow.available(Math.min(pending.length, writer.maxFrameSize)),
    );
    if (length === 0 && pending.length > 0) return false;
    const isEnd = upload.isLast && length === pending.length;
    writer.data(stream.id, pending.subarray(0, length), isEnd);
    this.window.take(length);
    stream.sendWindow.take(length);
    this.#parts.onProgress(stream);
    upload.took(length);
    if (isEnd) this.#ended(stream, upload);
    return true;
  }

  #ended(stream: Http2Stream, upload: Http2Upload): void {
    upload.ended = true;
    this.#hungry.delete(stream);
    stream.state = stream.state === "half-closed-remote" ? "closed" : "half-closed-local";
    this.#parts.onSent(stream);
  }
}

/** RFC 9113 §6.5.2: the server would refuse it, and may end the connection for all others with it. */
function checkListSize(head: RequestHead, most: number): void {
  const size = listSizeOf(head);
  if (size <= most) return;
  throw new Error(
    `its head counts ${size} bytes, and this server takes ${most} (SETTINGS_MAX_HEADER_LIST_SIZE)`,
  );
}

/** Checked and put into words once for headers that many requests share. */
function fieldsOf({ headers }: Request): RequestFields {
  headers.wireFields ??= RequestFields.from(headers);
  return headers.wireFields as RequestFields;
}

function lengthOf({ body }: Request): RequestFields | undefined {
  return body?.length === undefined
    ? undefined
    : RequestFields.from([["content-length", String(body.length)]]);
}

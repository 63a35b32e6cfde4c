import { BytesBody, type RequestBody } from "../core/body.ts";
import { InvalidOption } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import type { Headers } from "../core/headers.ts";
import type { StringifyJson } from "../core/json.ts";
import { type Content, contentBody } from "./content-body.ts";
import { encodeJson, encodeJsonWith } from "./json-body.ts";
import type { EncodeMultipart } from "./multipart/multipart-body.ts";
import type { Multipart } from "./multipart/parts.ts";
import { encodeForm, type Params } from "./params.ts";

interface Bodies {
  /**
   * Sent as it is; no content-type is added. With a content-length among the headers, a stream is sent with that length
   * and held to it; else in chunks.
   */
  content?: Content | undefined;
  /** Sent as `application/json`. */
  json?: unknown;
  /** Sent as `application/x-www-form-urlencoded`. */
  form?: Params | undefined;
  /**
   * Sent as `multipart/form-data`: a FormData, or the parts by name. Files given by path are read while they are sent.
   *
   * @example
   * await client.post(url, { multipart: { title: "Report", file: { path: "report.pdf" } } });
   */
  multipart?: Multipart | undefined;
}

/** One body at most: with two, the compiler says so, and the call does where types can't. */
export type BodyOptions = { [Name in keyof Bodies]-?: OnlyBody<Name> }[keyof Bodies];

type OnlyBody<Name extends keyof Bodies> = Pick<Bodies, Name> & {
  [Other in Exclude<keyof Bodies, Name>]?: undefined;
};

const BODY_NAMES = ["content", "json", "form", "multipart"] as const;

/** What bodies are made with. */
export interface Encoders {
  /** The files of this machine, where there are any. */
  readonly files: Files | undefined;
  readonly encodeMultipart: EncodeMultipart;
  readonly stringifyJson: StringifyJson | undefined;
}

/** A body, and the headers of its request with what it adds to them. */
export interface Encoded {
  readonly headers: Headers;
  readonly body: RequestBody | undefined;
}

/**
 * The body of a request, if it has one.
 *
 * @throws InvalidOption when there are two, or it can't be sent; FileError when its file can't be read
 */
export function encodeBody(
  options: BodyOptions,
  headers: Headers,
  { files, encodeMultipart, stringifyJson }: Encoders,
): Encoded {
  const given = BODY_NAMES.filter(name => options[name] !== undefined);
  if (given.length > 1) throw new InvalidOption(`give one body, not ${given.join(" and ")}`);
  switch (given[0]) {
    case "json":
      return typed(headers, "application/json", textBody(jsonText(options.json, stringifyJson)));
    case "form":
      return typed(headers, "application/x-www-form-urlencoded", textBody(encodeForm(options.form!)));
    case "multipart": {
      const encoded = encodeMultipart(options.multipart!, { files, type: headers.get("content-type") });
      return held(headers.with("content-type", encoded.type), encoded.body);
    }
    case "content":
      return held(headers, contentBody(options.content!, "content", files));
    default:
      return { headers, body: undefined };
  }
}

function jsonText(value: unknown, stringify: StringifyJson | undefined): string {
  return stringify === undefined ? encodeJson(value) : encodeJsonWith(stringify, value);
}

function typed(headers: Headers, type: string, body: RequestBody): Encoded {
  return held(headers.has("content-type") ? headers : headers.with("content-type", type), body);
}

/** A length that the caller states is the body's: it is checked here where it can be, else while the body is sent. */
function held(headers: Headers, body: RequestBody): Encoded {
  const stated = headers.get("content-length");
  if (stated === null) return { headers, body };
  const length = Number(stated);
  if (!/^\d+$/.test(stated) || !Number.isSafeInteger(length))
    throw new InvalidOption(`headers: content-length: expected a number of bytes; got "${stated}"`);
  if (body.length !== undefined && body.length !== length)
    throw new InvalidOption(`headers: content-length is ${length}, but the body has ${body.length} bytes`);
  const sized = body.length === undefined ? withLength(body, length) : body;
  return { headers: headers.without("content-length"), body: sized };
}

function withLength(body: RequestBody, length: number): RequestBody {
  return { length, replayable: body.replayable, open: use => body.open(use) };
}

const utf8 = new TextEncoder();

function textBody(text: string): RequestBody {
  return new BytesBody(utf8.encode(text));
}

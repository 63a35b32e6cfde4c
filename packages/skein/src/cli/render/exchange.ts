import { redactHeader, redactUrls } from "../../entry/redaction.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** What is shown of a request; the library's Request is one. */
export interface ShownRequest {
  readonly method: string;
  readonly url: { readonly target: string; readonly origin: { readonly host: string } };
  readonly headers: Iterable<readonly [string, string]>;
}

/** What is shown of a response; the library's Response is one. */
export interface ShownResponse {
  readonly status: number;
  readonly reasonPhrase: string;
  readonly httpVersion: string;
  readonly headers: Iterable<readonly [string, string]>;
}

/** A request as it went out, for `-v`: without its secrets, for it may be pasted into a bug report. */
export function renderRequest(request: ShownRequest, paint: Paint): string {
  const first = `${request.method} ${redactUrls(request.url.target)} HTTP/1.1`;
  const headers = [...request.headers];
  if (!headers.some(([name]) => name.toLowerCase() === "host")) {
    headers.unshift(["host", request.url.origin.host]);
  }
  return block("> ", [paint("bold", first), ...headers.map(shownHeader)], paint);
}

/** What stands in the place of a request's secrets, if anything does, and its body as text. */
export interface HeldBackFacts {
  readonly showSecrets: boolean;
  readonly body: string | undefined;
}

/** A request that was not sent, as it would have gone out over HTTP/1.1. */
export function renderHeldBack(request: ShownRequest, { showSecrets, body }: HeldBackFacts): string {
  const { target, origin } = request.url;
  const fields = [...request.headers].map(field =>
    showSecrets ? printable(field.join(": ")) : shownHeader(field),
  );
  const lines = [
    `${request.method} ${showSecrets ? target : redactUrls(target)} HTTP/1.1`,
    `host: ${origin.host}`,
    ...fields,
    "",
  ];
  return `${lines.join("\n")}\n${body === undefined || body === "" ? "" : `${body.replace(/\n?$/, "\n")}`}`;
}

/** The head of a response, for `-v`. */
export function renderResponse(response: ShownResponse, paint: Paint): string {
  return block(
    "< ",
    [paint(lookOf(response.status), statusLine(response)), ...[...response.headers].map(shownHeader)],
    paint,
  );
}

/** The head of a response as it came, for `-i`: it is the answer that was asked for, so nothing is hidden. */
export function renderHead(response: ShownResponse): string {
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  return `${[statusLine(response), ...lines].join("\n")}\n`;
}

function statusLine({ httpVersion, status, reasonPhrase }: ShownResponse): string {
  return printable(`HTTP/${httpVersion} ${status} ${reasonPhrase}`.trimEnd());
}

function shownHeader([name, value]: readonly [string, string]): string {
  return printable(`${name}: ${redactHeader(name, value)}`);
}

function lookOf(status: number): "green" | "yellow" | "red" {
  if (status < 300) return "green";
  return status < 400 ? "yellow" : "red";
}

function block(mark: string, lines: readonly string[], paint: Paint): string {
  return `${[...lines, ""].map(line => `${paint("dim", mark)}${line}`.trimEnd()).join("\n")}\n`;
}

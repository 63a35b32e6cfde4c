import { basicCredentials } from "../../core/basic-credentials.ts";
import { BytesBody } from "../../core/body.ts";
import { AuthError } from "../../core/errors.ts";
import { Headers } from "../../core/headers.ts";
import { Request } from "../../core/request.ts";
import type { Response } from "../../core/response.ts";
import type { Url } from "../../core/url.ts";

/** What a token is asked for with. */
export interface TokenQuestion {
  readonly url: Url;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientAuth: "basic" | "body";
  readonly parameters: readonly (readonly [string, string])[];
}

/** A token, and for how long it is good; undefined where the server does not say. */
export interface Token {
  readonly value: string;
  readonly expiresInMs: number | undefined;
}

/** RFC 6749 §4.4.2. */
export function tokenRequest(question: TokenQuestion, userAgent: string | null): Request {
  const { url, clientId, clientSecret, clientAuth, parameters } = question;
  const form = new URLSearchParams([["grant_type", "client_credentials"], ...parameters.map(p => [...p])]);
  const headers: [string, string][] = [
    ["Accept", "application/json"],
    ["Content-Type", "application/x-www-form-urlencoded"],
  ];
  if (userAgent !== null) headers.push(["User-Agent", userAgent]);
  if (clientAuth === "body") {
    form.set("client_id", clientId);
    form.set("client_secret", clientSecret);
  } else {
    // §2.3.1: both are form-encoded first.
    headers.push(["Authorization", basicCredentials(formEncoded(clientId), formEncoded(clientSecret))]);
  }
  const body = new BytesBody(new TextEncoder().encode(form.toString()));
  return new Request({ method: "POST", url, headers: Headers.from(headers), body });
}

/**
 * The token in an answer.
 *
 * @throws AuthError telling what the server said, never a token
 */
export function readToken(response: Response): Token {
  const answer = readJson(response);
  if (!response.ok) throw refused(response, describeError(answer));
  const { access_token: value, token_type: type, expires_in: seconds } = answer;
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value))
    throw refused(response, "but without an access_token that can be sent");
  if (type !== undefined && String(type).toLowerCase() !== "bearer")
    throw refused(response, `with a token of another type than "bearer"`);
  const isKnown = seconds !== undefined && seconds !== null && Number(seconds) >= 0;
  return { value, expiresInMs: isKnown ? Number(seconds) * 1_000 : undefined };
}

function readJson(response: Response): Record<string, unknown> {
  try {
    const value = response.json();
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // What it is instead is told below: the status where it is an error, else that no token is in it.
  }
  return {};
}

/** RFC 6749 §5.2: `error` and `error_description`, which are printable ASCII. */
function describeError({ error, error_description: description }: Record<string, unknown>): string {
  const texts = [error, description].filter(text => typeof text === "string");
  return texts.map(text => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 200)).join(": ");
}

function refused(response: Response, what: string): AuthError {
  const { status, reasonPhrase, request } = response;
  const phrase = reasonPhrase === "" ? "" : ` ${reasonPhrase}`;
  const reason = `the token endpoint ${request.url.origin.key} answered ${status}${phrase}${what === "" ? "" : `: ${what}`}`;
  const isBusy = status === 429 || status >= 500;
  return new AuthError(isBusy ? "AUTH_UNAVAILABLE" : "AUTH_FAILED", reason, { requestSent: "none" });
}

function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

import type { Shown } from "./identity.ts";

export interface Session {
  readonly ticket: Uint8Array;
  /** What the server has shown when it began. */
  readonly shown: Shown;
}

/** Sessions to resume: a handshake with one costs a fraction. Bounded: the origin used longest ago goes first. */
export class SessionCache {
  readonly #sessions = new Map<string, Session>();
  readonly #most: number;

  constructor(most = 1_000) {
    this.#most = most;
  }

  /** One whose certificate has expired since is none: who resumes a session is shown no certificate, and would not notice. */
  get(key: string): Session | undefined {
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    if (Date.parse(session.shown.certificate.valid_to) < Date.now()) {
      this.#sessions.delete(key);
      return undefined;
    }
    this.set(key, session);
    return session;
  }

  set(key: string, session: Session): void {
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    if (this.#sessions.size > this.#most) this.#sessions.delete(this.#sessions.keys().next().value!);
  }

  delete(key: string): void {
    this.#sessions.delete(key);
  }
}

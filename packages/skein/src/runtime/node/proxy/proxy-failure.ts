import type { SocketFailure } from "../../../core/ports.ts";

/** A proxy can't be used, or refuses; `failure` is what the connection is told. Another proxy may still do. */
export class ProxyFailure extends Error {
  readonly failure: SocketFailure;

  constructor(failure: SocketFailure) {
    super(failure.reason, { cause: failure.cause });
    this.failure = failure;
  }
}

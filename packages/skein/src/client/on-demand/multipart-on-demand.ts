import type { RequestBody } from "../../core/body.ts";
import { randomBoundary } from "../multipart/boundary.ts";
import type { EncodeMultipart, MultipartFacts } from "../multipart/multipart-body.ts";
import type { Multipart } from "../multipart/parts.ts";

/**
 * A multipart body whose code is loaded when it is sent: only then is it known how long it is, and refused what can't be
 * sent.
 */
export const multipartOnDemand: EncodeMultipart = (multipart, { files, type: given }) => {
  const hasBoundary = given !== null && /boundary=/i.test(given);
  const type = hasBoundary ? given : `${given ?? "multipart/form-data"}; boundary=${randomBoundary()}`;
  return { body: new MultipartOnDemand(multipart, { files, type }), type };
};

class MultipartOnDemand implements RequestBody {
  readonly #multipart: Multipart;
  readonly #facts: MultipartFacts;
  #encoded: RequestBody | undefined;

  constructor(multipart: Multipart, facts: MultipartFacts) {
    this.#multipart = multipart;
    this.#facts = facts;
  }

  get length(): number | undefined {
    return this.#encoded?.length;
  }

  /** Asked after it was sent, and so after it was encoded. */
  get replayable(): boolean {
    return this.#encoded?.replayable ?? true;
  }

  async *open(): AsyncGenerator<Uint8Array> {
    if (this.#encoded === undefined) {
      const { encodeMultipart } = await import("../multipart/multipart-body.ts");
      this.#encoded = encodeMultipart(this.#multipart, this.#facts).body;
    }
    const content = this.#encoded.open();
    if (content instanceof Uint8Array) yield content;
    else yield* content;
  }
}

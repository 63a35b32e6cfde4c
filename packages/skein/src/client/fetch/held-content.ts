const utf8 = new TextDecoder();

/**
 * A body that is in memory, read as the platform's Response would be (Fetch standard, "Body"): once, and what needs more
 * than its bytes by a Response of the platform's own.
 */
export class HeldContent {
  readonly #bytes: Uint8Array;
  readonly #type: string | null;
  #read = false;
  #platform: globalThis.Response | undefined;

  constructor(bytes: Uint8Array, type: string | null) {
    this.#bytes = bytes;
    this.#type = type;
  }

  get used(): boolean {
    return this.#platform?.bodyUsed ?? this.#read;
  }

  /** The same as a Response of the platform's; from then on it is read there. */
  get platform(): globalThis.Response {
    if (this.#platform !== undefined) return this.#platform;
    const headers = this.#type === null ? {} : { "content-type": this.#type };
    const response = new globalThis.Response(this.#bytes as Uint8Array<ArrayBuffer>, { headers });
    // What was read here is read there, too.
    if (this.#read) void response.arrayBuffer();
    this.#platform = response;
    return response;
  }

  async text(): Promise<string> {
    return this.#platform === undefined ? utf8.decode(this.#take()) : this.#platform.text();
  }

  async json(): Promise<unknown> {
    return this.#platform === undefined ? JSON.parse(utf8.decode(this.#take())) : this.#platform.json();
  }

  /** What is handed out belongs to who gets it: the array may hold other bodies' bytes as well. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#platform === undefined ? Uint8Array.from(this.#take()) : this.#platform.bytes();
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#platform === undefined ? Uint8Array.from(this.#take()).buffer : this.#platform.arrayBuffer();
  }

  async blob(): Promise<Blob> {
    return this.platform.blob();
  }

  async formData(): Promise<FormData> {
    return this.platform.formData();
  }

  /** @throws TypeError when it was read */
  copy(): HeldContent {
    if (this.used || this.#platform?.body?.locked === true)
      throw new TypeError("Response.clone: Body has already been consumed.");
    return new HeldContent(this.#bytes, this.#type);
  }

  #take(): Uint8Array {
    if (this.#read) throw new TypeError("Body is unusable: Body has already been read");
    this.#read = true;
    return this.#bytes;
  }
}

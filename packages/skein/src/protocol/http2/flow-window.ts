import { LARGEST_WINDOW } from "./frames/frame-types.ts";

/** The windows of a connection and of its streams, until SETTINGS say otherwise (RFC 9113 §6.9.2). */
const DEFAULT_WINDOW = 65_535;

/** How much we may send: a stream's, or the connection's (RFC 9113 §6.9). */
export class SendWindow {
  /** Below 0 after the peer made its initial window smaller than what was sent already (§6.9.2). */
  size: number;

  constructor(size: number = DEFAULT_WINDOW) {
    this.size = size;
  }

  /** How much of `wanted` bytes may be sent now. */
  available(wanted: number): number {
    return Math.max(0, Math.min(wanted, this.size));
  }

  /** That many bytes of data are sent. */
  take(length: number): void {
    this.size -= length;
  }

  /**
   * A WINDOW_UPDATE, or the difference that a new SETTINGS_INITIAL_WINDOW_SIZE makes to a stream (not to the
   * connection). False when the window would be too large: FLOW_CONTROL_ERROR, of whatever the window belongs to; of
   * the connection when it was a setting.
   */
  adjust(by: number): boolean {
    this.size += by;
    return this.size <= LARGEST_WINDOW;
  }
}

/**
 * How much the peer may send. What was taken in is given back when it comes to half of the window: a WINDOW_UPDATE for
 * each piece would double the frames, and waiting longer would let the peer run dry.
 */
export class ReceiveWindow {
  /** How large the window is when everything was given back. */
  #target: number;
  /** What the peer may still send. Below 0 once it has sent more, or while a smaller target takes effect. */
  #left: number;
  /** Consumed, and not given back yet. */
  #owed = 0;

  constructor(target: number = DEFAULT_WINDOW) {
    this.#target = target;
    this.#left = target;
  }

  get left(): number {
    return this.#left;
  }

  get target(): number {
    return this.#target;
  }

  /** That many bytes came, padding and all. False when they were more than allowed: FLOW_CONTROL_ERROR (§6.9.1). */
  receive(length: number): boolean {
    this.#left -= length;
    return this.#left >= 0;
  }

  /** That many of them were taken in. Returns by how much to update the window now; 0: not yet. */
  consume(length: number): number {
    this.#owed += length;
    return 2 * this.#owed >= this.#target ? this.#giveBack() : 0;
  }

  /**
   * From now on the window is `target` bytes large. Returns by how much to update it at once; 0 when it becomes smaller,
   * which happens as less is given back.
   */
  resize(target: number): number {
    this.#owed += target - this.#target;
    this.#target = target;
    return this.#giveBack();
  }

  #giveBack(): number {
    if (this.#owed <= 0) return 0;
    const increment = this.#owed;
    this.#owed = 0;
    this.#left += increment;
    return increment;
  }
}

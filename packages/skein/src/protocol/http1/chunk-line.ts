import { nameCharacter, TEXT, TOKEN } from "./char-classes.ts";
import { FAULTY, type Fault, NEED_MORE, type ViolationCode } from "./violation.ts";

/**
 * What stands between the data of two chunks (RFC 9112 §7.1): the line end behind the data, then the next chunk's size
 * and its extensions, which are checked and dropped.
 *
 *   [CRLF] 1*HEXDIG *( ";" token [ "=" ( token / quoted-string ) ] ) CRLF
 *
 * White space is refused, also where §7.1.1 has the recipient put up with it (beside ";" and "="): it is how a size gets
 * read as two different numbers.
 */
const STATES = [
  "data-return",
  "data-feed",
  "size-start",
  "size",
  "name-start",
  "name",
  "value-start",
  "value",
  "quoted",
  "escaped",
  "after-quoted",
  "feed",
] as const;
type State = (typeof STATES)[number];

/** The kinds of bytes that make a difference. */
const CLASSES = [
  "hex",
  "token",
  "semicolon",
  "equals",
  "quote",
  "backslash",
  "text",
  "return",
  "feed",
  "other",
] as const;
type ByteClass = (typeof CLASSES)[number];

const EXTENSION = { semicolon: "name-start", return: "feed" } as const;
const IN_NAME = { hex: "name", token: "name" } as const;
const IN_VALUE = { hex: "value", token: "value" } as const;
const IN_QUOTED = {
  hex: "quoted",
  token: "quoted",
  semicolon: "quoted",
  equals: "quoted",
  text: "quoted",
} as const;

/** Every step that is legal. What has no place here is the violation. "feed" leads out, to the data. */
const STEPS: Readonly<Record<State, Partial<Record<ByteClass, State>>>> = {
  "data-return": { return: "data-feed" },
  "data-feed": { feed: "size-start" },
  "size-start": { hex: "size" },
  size: { hex: "size", ...EXTENSION },
  "name-start": IN_NAME,
  name: { ...IN_NAME, equals: "value-start", ...EXTENSION },
  "value-start": { ...IN_VALUE, quote: "quoted" },
  value: { ...IN_VALUE, ...EXTENSION },
  quoted: { ...IN_QUOTED, backslash: "escaped", quote: "after-quoted" },
  escaped: { ...IN_QUOTED, backslash: "quoted", quote: "quoted" },
  "after-quoted": EXTENSION,
  feed: { feed: "data-return" },
};

const FAULTS: Readonly<Record<State, readonly [ViolationCode, string]>> = {
  "data-return": ["chunk-end", "instead of a line end behind the data of a chunk"],
  "data-feed": ["chunk-end", "instead of a line feed behind the data of a chunk"],
  "size-start": ["chunk-size", "where the size of a chunk should start"],
  size: ["chunk-size", "in the size of a chunk"],
  "name-start": ["chunk-extension", "where the name of a chunk extension should start"],
  name: ["chunk-extension", "in the name of a chunk extension"],
  "value-start": ["chunk-extension", "where the value of a chunk extension should start"],
  value: ["chunk-extension", "in the value of a chunk extension"],
  quoted: ["chunk-extension", "in the quoted value of a chunk extension"],
  escaped: ["chunk-extension", "behind a backslash in a chunk extension"],
  "after-quoted": ["chunk-extension", "behind the quoted value of a chunk extension"],
  feed: ["chunk-size", "instead of a line feed behind the size of a chunk"],
};

// The same, as numbers, for the loop.
const ILLEGAL = 255;
const SIZE = STATES.indexOf("size");
const SIZE_START = STATES.indexOf("size-start");
const AFTER_DATA = STATES.indexOf("data-return");
const CLASS_OF = Uint8Array.from({ length: 256 }, (_, byte) => CLASSES.indexOf(classOf(byte)));
const NEXT = Uint8Array.from({ length: STATES.length * CLASSES.length }, (_, cell) => {
  const from = STATES[Math.floor(cell / CLASSES.length)]!;
  const to = STEPS[from][CLASSES[cell % CLASSES.length]!];
  return to === undefined ? ILLEGAL : STATES.indexOf(to);
});

function classOf(byte: number): ByteClass {
  const character = String.fromCharCode(byte);
  if (/[0-9A-Fa-f]/.test(character)) return "hex";
  if (TOKEN[byte] === 1) return "token";
  const special = {
    ";": "semicolon",
    "=": "equals",
    '"': "quote",
    "\\": "backslash",
    "\r": "return",
    "\n": "feed",
  } as const;
  if (Object.hasOwn(special, character)) return special[character as keyof typeof special];
  return TEXT[byte] === 1 ? "text" : "other";
}

/** The worth of a hexadecimal digit, whatever its case. */
function hexValue(byte: number): number {
  return byte < 0x41 ? byte - 0x30 : (byte | 0x20) - 0x57;
}

/** Reads these lines, byte after byte, each once: where the bytes end, the next ones go on. */
export class ChunkLine {
  /** Of the chunk that starts behind the line; 0: it was the last one. */
  size = 0;
  /** In the array that was scanned. */
  faultAt = 0;
  fault: Fault | undefined = undefined;
  readonly #maxBytes: number;
  #state = SIZE_START;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The next line is the first one of a body. */
  start(): void {
    this.#state = SIZE_START;
    this.#length = 0;
    this.size = 0;
  }

  /** The next line stands behind the data of a chunk. */
  startAfterData(): void {
    this.#state = AFTER_DATA;
    this.#length = 0;
    this.size = 0;
  }

  /** Reads `bytes[start, end)`. Returns the position behind the line, NEED_MORE or FAULTY. */
  scan(bytes: Uint8Array, start: number, end: number): number {
    const limit = start + this.#maxBytes - this.#length;
    let state = this.#state;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      const next = NEXT[state * CLASSES.length + CLASS_OF[byte]!]!;
      if (next === ILLEGAL) return this.#failStep(state, at, byte);
      if (at === limit) return this.#failLength(at);
      if (next === SIZE) {
        this.size = this.size * 16 + hexValue(byte);
        if (this.size > Number.MAX_SAFE_INTEGER) return this.#failSize(at);
      }
      if (next === AFTER_DATA) return at + 1;
      state = next;
    }
    this.#state = state;
    this.#length += end - start;
    return NEED_MORE;
  }

  #failStep(state: number, at: number, byte: number): number {
    const [code, place] = FAULTS[STATES[state]!];
    return this.#fail(at, { code, detail: `${nameCharacter(byte)} ${place}` });
  }

  #failSize(at: number): number {
    return this.#fail(at, { code: "chunk-size", detail: "the size of a chunk is too large" });
  }

  #failLength(at: number): number {
    const detail = `the size line of a chunk is longer than ${this.#maxBytes} bytes`;
    return this.#fail(at, { code: "chunk-extension-too-long", detail });
  }

  #fail(at: number, fault: Fault): number {
    this.faultAt = at;
    this.fault = fault;
    return FAULTY;
  }
}

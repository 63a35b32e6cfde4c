/** Answers, most of them nearly right: from a grammar whose rules are broken now and then, and then from mutations. */
export interface GeneratedAnswer {
  method: string;
  /** latin1 */
  answer: string;
}

/** A seeded source of choices (mulberry32): the same seed makes the same answers. */
export class Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** Of the usual ones; `odd` percent of the time, of the odd ones. */
  mostly<T>(usual: readonly T[], odd: readonly T[], percent = 6): T {
    return this.of(this.chance(percent) ? odd : usual);
  }
}

const METHODS = ["GET", "GET", "GET", "HEAD", "POST"];
const STATUSES = ["200", "200", "200", "201", "204", "206", "301", "304", "404", "500", "999"];
const ODD_STATUSES = ["000", "099", "100", "101", "199", "600", "20", "2000", "2x0", "-20", ""];
const VERSIONS = [...Array<string>(9).fill("HTTP/1.1"), "HTTP/1.0"];
const ODD_VERSIONS = [
  "HTTP/1.2",
  "HTTP/2.0",
  "HTTP/0.9",
  "http/1.1",
  "HTTP/11",
  "HTTPS/1.1",
  "ICE/1.0",
  "RTSP/1.0",
  "",
];
const REASONS = [" OK", " Not Found", " ", "", " \u00dcber", " a\tb"];
const ODD_REASONS = ["  ", " \x00", " \x01", "OK", "\tOK", " a\rb", " a\nb", " \x7f"];
const NAMES = ["Server", "date", "ETag", "x-a", "!#$%&'*+-.^_`|~1", "Set-Cookie", "Trailer"];
const ODD_NAMES = [
  "",
  " ",
  "a b",
  "a\x00",
  "a\u00e9",
  "(a)",
  "content-length ",
  " content-length",
  "Content-Lengt",
];
const VALUES = ["x", "", "a b\tc", "\u00e9\u00ff", 'x:y;z="w"', "  x  ", "close", "chunked", "5"];
const ODD_VALUES = ["\x00", "\x7f", "a\rb", "a\nb", "a\r\n b", "a\r\n\tb", "\x0b"];
const LINE_ENDS = ["\r\n"];
const ODD_LINE_ENDS = ["\n", "\r", "\r\r\n", "\n\r", "\r\n ", ""];
const SEPARATORS = [": ", ":", ":\t ", ": \t"];
const ODD_SEPARATORS = [" :", " : ", "", "\t:", "::"];
const CONNECTIONS = [
  "close",
  "keep-alive",
  "Keep-Alive",
  "CLOSE",
  "close, keep-alive",
  "keep-alive, close",
  "x, close",
  "x,close,y",
  "close,",
  ",close",
  "close;x",
  "close x",
  "x close",
  "closed",
  '"close"',
  "upgrade",
  "upgrade, close",
  "keep-alive,keep-alive",
  "keep-alivex",
  "close\t,x",
  "",
];
const LENGTH_PREFIXES = ["", "", "", "", "0", "000"];
const ODD_LENGTHS = [
  "",
  "+3",
  "-1",
  "3, 3",
  "3,3",
  "3 3",
  "0x3",
  "3.0",
  "3;",
  "18446744073709551616",
  "9007199254740993",
  "\u00b2",
];
const CODINGS = ["chunked", "chunked", "Chunked", "CHUNKED "];
const ODD_CODINGS = [
  "chunked\t",
  "\tchunked \t",
  "gzip, chunked",
  "chunked, gzip",
  ",chunked",
  "chunked,",
  "xchunked",
  "identity",
  "",
  "chunked;a",
  "chunked chunked",
];
const EXTENSIONS = [
  "",
  "",
  "",
  "",
  ";a",
  ";a=b",
  ';a="b c"',
  ';a="\\""',
  ";a;b=c",
  ';a="";b',
  ";1=f",
  ';a="\u00e9\\\u00e9\t"',
];
const ODD_EXTENSIONS = [
  " ",
  ";",
  "; a",
  ";a ",
  ";a=",
  ";a= b",
  " ;a",
  ';a="',
  ';a="b"c',
  ";;",
  ";\x00",
  ';a="\x01"',
  "\t",
  ",a",
  ';a="\\\x01"',
];
const ODD_SIZES = ["", "-1", "+1", "0x1", "1_0", "g", "fffffffffffffffff", "10000000000000001", "1 "];
const TRAILERS = ["x-sum: 1", "a:", "Connection: close", "keep-alive: timeout=5", "x: y\r\nz: w"];
const ODD_TRAILERS = [
  "Content-Length: 3",
  "Transfer-Encoding: chunked",
  "transfer-encoding: gzip",
  " a: b",
  "a : b",
  "a",
  ": b",
  "Connection: keep-alive",
];
const FRAGMENTS = [
  "\r\n",
  "\r\n\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  ":",
  ";",
  ",",
  "0\r\n\r\n",
  "1\r\nx\r\n",
  "Content-Length: 3\r\n",
  "Content-Length: 0\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive\r\n",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
];
const BYTES = '\r\n \t:;,="\\/0123456789abcdefxHTP.-+_\x00\x01\x0b\x7f\x80\xff';

export function generateAnswer(choices: Choices): GeneratedAnswer {
  const method = choices.of(METHODS);
  let answer = "";
  while (choices.chance(8)) answer += interim(choices);
  answer += finalAnswer(choices, method);
  if (choices.chance(10)) answer += choices.of(["HTTP/1.1 200 OK\r\n\r\n", "\r\n", "x", answer]);
  for (let left = choices.mostly([0, 0, 1], [2, 3, 4], 20); left > 0; left--)
    answer = mutate(choices, answer);
  return { method, answer };
}

function lineEnd(choices: Choices): string {
  return choices.mostly(LINE_ENDS, ODD_LINE_ENDS, 1);
}

function field(choices: Choices, name: string, value: string): string {
  return `${name}${choices.mostly(SEPARATORS, ODD_SEPARATORS, 1)}${value}${lineEnd(choices)}`;
}

function statusLine(choices: Choices, status: string): string {
  const version = choices.mostly(VERSIONS, ODD_VERSIONS, 1);
  return `${version} ${status}${choices.mostly(REASONS, ODD_REASONS, 2)}${lineEnd(choices)}`;
}

function interim(choices: Choices): string {
  const fields = choices.chance(40) ? someFields(choices) : "";
  const framing = choices.chance(10) ? field(choices, "Content-Length", "3") : "";
  return `${statusLine(choices, choices.mostly(["100", "102", "103", "199"], ["101", "99"]))}${fields}${framing}\r\n`;
}

function someFields(choices: Choices): string {
  let fields = "";
  for (let left = choices.below(4); left > 0; left--) {
    const name = choices.mostly(NAMES, ODD_NAMES, 2);
    fields += field(choices, name, choices.mostly(VALUES, ODD_VALUES, 2));
  }
  if (choices.chance(30))
    fields += field(
      choices,
      choices.of(["Connection", "connection", "Proxy-Connection"]),
      choices.of(CONNECTIONS),
    );
  if (choices.chance(10))
    fields += field(choices, "Keep-Alive", choices.of(["timeout=5", "max=3, timeout=1", ""]));
  return fields;
}

function finalAnswer(choices: Choices, method: string): string {
  const status = choices.mostly(STATUSES, ODD_STATUSES, 3);
  const body = someBytes(choices);
  const bare = method === "HEAD" || status === "204" || status === "304";
  const framing = choices.mostly(["sized", "chunked"], ["until-close", "both", "twice", "wrong"], 20);
  let fields = someFields(choices);
  let content = body;
  if (framing === "sized" || framing === "both" || framing === "twice") fields += lengthField(choices, body);
  if (framing === "twice") fields += lengthField(choices, body);
  if (framing === "wrong") fields += field(choices, "Content-Length", String(choices.below(60)));
  if (framing === "chunked" || framing === "both") {
    fields += field(choices, "Transfer-Encoding", choices.mostly(CODINGS, ODD_CODINGS, 4));
    content = chunked(choices, body);
  }
  if (choices.chance(30)) fields += someFields(choices);
  return `${statusLine(choices, status)}${fields}${lineEnd(choices)}${bare && choices.chance(90) ? "" : content}`;
}

function lengthField(choices: Choices, body: string): string {
  const length = `${choices.of(LENGTH_PREFIXES)}${body.length}`;
  return field(
    choices,
    choices.of(["Content-Length", "content-length"]),
    choices.mostly([length, `${length} `], ODD_LENGTHS, 3),
  );
}

function chunked(choices: Choices, body: string): string {
  let text = "";
  for (let at = 0; at < body.length; ) {
    const data = body.slice(at, at + 1 + choices.below(body.length));
    text += `${chunkLine(choices, data.length)}${data}${lineEnd(choices)}`;
    at += data.length;
  }
  text += chunkLine(choices, 0);
  while (choices.chance(15)) text += `${choices.mostly(TRAILERS, ODD_TRAILERS, 10)}${lineEnd(choices)}`;
  return `${text}${lineEnd(choices)}`;
}

function chunkLine(choices: Choices, length: number): string {
  const digits = length.toString(16);
  const size = choices.mostly([digits, digits, digits.toUpperCase(), `0${digits}`], ODD_SIZES, 1);
  return `${size}${choices.mostly(EXTENSIONS, ODD_EXTENSIONS, 1)}${lineEnd(choices)}`;
}

function someBytes(choices: Choices): string {
  if (choices.chance(20))
    return choices.of(["", "\r\n", "0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "hello, world"]);
  let bytes = "";
  for (let left = choices.below(24); left > 0; left--) bytes += String.fromCharCode(choices.below(256));
  return bytes;
}

function mutate(choices: Choices, text: string): string {
  const at = choices.below(text.length + 1);
  const head = text.slice(0, at);
  const tail = text.slice(at);
  switch (choices.below(8)) {
    case 0:
      return head + choices.of([...BYTES]) + tail;
    case 1:
      return head + choices.of([...BYTES]) + tail.slice(1);
    case 2:
      return head + tail.slice(1 + choices.below(3));
    case 3:
      return head + choices.of(FRAGMENTS) + tail;
    case 4:
      return head + tail.slice(0, choices.below(30)) + tail;
    case 5:
      return head + String.fromCharCode(choices.below(256)) + tail.slice(1);
    case 6:
      return head;
    default:
      return mutateLineEnd(choices, text, at);
  }
}

function mutateLineEnd(choices: Choices, text: string, from: number): string {
  const at = text.indexOf("\r\n", from);
  return at < 0 ? text : text.slice(0, at) + choices.of(ODD_LINE_ENDS) + text.slice(at + 2);
}

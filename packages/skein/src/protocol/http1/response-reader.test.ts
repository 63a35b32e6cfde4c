import { describe, expect, test } from "@skein/testkit";
import { ResponseReader, type ResponseSink } from "./response-reader.ts";

const text = {
  latin1: (bytes: Uint8Array, start: number, end: number) =>
    String.fromCharCode(...bytes.subarray(start, end)),
};
const EMPTY = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

function bytesOf(characters: string): Uint8Array {
  return Uint8Array.from(characters, character => character.charCodeAt(0));
}

/** A reader whose sink notes the names of its calls, and does what `acts` says. */
function scripted(acts: Partial<ResponseSink> = {}): { reader: ResponseReader; calls: string[] } {
  const calls: string[] = [];
  const sink: ResponseSink = {
    onInterim: status => calls.push(`interim ${status}`),
    onHead: status => calls.push(`head ${status}`),
    onBody: (_, start, end) => calls.push(`body ${end - start}`),
    onEnd: trailers => {
      calls.push("end");
      acts.onEnd?.(trailers);
    },
    ...(acts.onSwitch && { onSwitch: acts.onSwitch }),
    onError: ({ code, offset }) => calls.push(`error ${code} at ${offset}`),
  };
  return { reader: new ResponseReader(sink, text), calls };
}

function feed(reader: ResponseReader, characters: string): void {
  reader.receive(bytesOf(characters), 0, characters.length);
}

describe("ResponseReader", () => {
  test("reads answer after answer over one connection", () => {
    const { reader, calls } = scripted();
    for (const status of [200, 404, 500]) {
      reader.begin("GET");
      feed(reader, EMPTY.replace("200", String(status)));
    }
    expect(calls).toEqual(["head 200", "end", "head 404", "end", "head 500", "end"]);
  });

  test("is idle until a request was written, and again when its answer has ended", () => {
    const { reader } = scripted();
    expect([reader.idle, reader.started]).toEqual([true, false]);
    reader.begin("GET");
    expect([reader.idle, reader.started]).toEqual([false, false]);
    feed(reader, "H");
    expect([reader.idle, reader.started, reader.reusable]).toEqual([false, true, false]);
    feed(reader, EMPTY.slice(1));
    expect([reader.idle, reader.started, reader.reusable]).toEqual([true, true, true]);
  });

  test("an answer that is under way can't be begun again", () => {
    const { reader } = scripted();
    reader.begin("GET");
    expect(() => reader.begin("GET")).toThrow('the reader\'s state is "head"');
  });

  test("nothing can be begun behind an answer that does not leave the connection usable", () => {
    const { reader } = scripted();
    reader.begin("GET");
    feed(reader, `${EMPTY}HTTP`);
    expect(reader.idle).toBe(true);
    expect(() => reader.begin("GET")).toThrow("not followed by a clean end");
  });

  test("the next answer may be begun while the end of the last one is told", () => {
    const { reader, calls } = scripted({ onEnd: () => calls.length < 4 && reader.begin("GET") });
    reader.begin("GET");
    feed(reader, EMPTY);
    expect([reader.idle, reader.started]).toEqual([false, false]);
    feed(reader, EMPTY);
    expect(calls).toEqual(["head 200", "end", "head 200", "end"]);
  });

  test("offsets count from the first byte of the present answer", () => {
    const { reader, calls } = scripted();
    reader.begin("GET");
    feed(reader, EMPTY);
    reader.begin("GET");
    feed(reader, "HTTP/1.1 2");
    feed(reader, "x");
    expect(calls.at(-1)).toBe("error status-line at 10");
  });

  test.each(["HTTP/1.1 200 OK\r\n\r\n", "\r\n", "\0"])(
    "bytes that no request asked for are an error: %j",
    bytes => {
      const { reader, calls } = scripted();
      feed(reader, bytes);
      expect(calls).toEqual(["error unexpected-bytes at 0"]);
    },
  );

  test("bytes on an idle connection that was used are an error too, and what follows is ignored", () => {
    const { reader, calls } = scripted();
    reader.begin("GET");
    feed(reader, EMPTY);
    feed(reader, EMPTY);
    feed(reader, EMPTY);
    reader.end();
    expect(calls).toEqual(["head 200", "end", "error unexpected-bytes at 0"]);
    expect(reader.reusable).toBe(false);
    expect(() => reader.begin("GET")).toThrow('"dead"');
  });

  test("the end of an idle connection is none of its business", () => {
    const { reader, calls } = scripted();
    reader.end();
    reader.begin("GET");
    feed(reader, EMPTY);
    reader.end();
    expect(calls).toEqual(["head 200", "end"]);
  });

  test("an empty read is no read", () => {
    const { reader, calls } = scripted();
    feed(reader, "");
    reader.begin("GET");
    feed(reader, "");
    expect(reader.started).toBe(false);
    feed(reader, EMPTY);
    feed(reader, "");
    expect(calls).toEqual(["head 200", "end"]);
  });

  test("tells the version, and the length of a body that has one", () => {
    const seen: unknown[] = [];
    const { reader } = scripted({ onEnd: () => seen.push(reader.minorVersion, reader.contentLength) });
    reader.begin("GET");
    feed(reader, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    reader.begin("GET");
    feed(reader, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
    reader.begin("GET");
    feed(reader, "HTTP/1.0 204 None\r\n\r\n");
    expect(seen).toEqual([1, 2, 1, undefined, 0, 0]);
  });

  test("a body is handed out where it lies", () => {
    const pieces: [Uint8Array, number, number][] = [];
    const reader = new ResponseReader(
      {
        onInterim() {},
        onHead() {},
        onBody: (bytes, start, end) => pieces.push([bytes, start, end]),
        onEnd() {},
        onError() {},
      },
      text,
    );
    const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n";
    reader.begin("GET");
    const first = bytesOf(`${head}ab`);
    const second = bytesOf("cd\r\n1\r\ne\r\n0\r\n\r\n");
    reader.receive(first, 0, first.length);
    reader.receive(second, 0, second.length);
    expect(pieces).toEqual([
      [first, head.length, head.length + 2],
      [second, 0, 2],
      [second, 7, 8],
    ]);
    expect(pieces.map(([bytes]) => bytes)).toEqual([first, second, second]);
    expect(pieces[0]![0]).toBe(first);
  });

  test("a large head in pieces leaves no trace in the next one", () => {
    const lines: string[] = [];
    const sink = { onInterim() {}, onBody() {}, onEnd() {}, onError() {} };
    const reader = new ResponseReader(
      { ...sink, onHead: (_, reason, fields) => lines.push(reason, fields) },
      text,
    );
    for (const [reason, value] of [
      ["OK", "x".repeat(20_000)],
      ["Fine", "y"],
      ["Good", "z".repeat(600)],
    ]) {
      const head = `HTTP/1.1 204 ${reason}\r\na: ${value}\r\n\r\n`;
      reader.begin("GET");
      for (let at = 0; at < head.length; at += 7) feed(reader, head.slice(at, at + 7));
      expect(lines.splice(0)).toEqual([reason, `a: ${value}\r\n`]);
    }
  });
});

describe("a server that leaves HTTP", () => {
  const answers = [
    ["GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 101],
    ["CONNECT", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200],
  ] as const;

  test.each(answers)(
    "to %s, where it was asked to: all behind the head is handed out, however it is cut",
    (method, head, status) => {
      const whole = `${head}HTTP/1.1 200 OK\r\n\r\n`;
      for (let cut = 1; cut < whole.length; cut++) {
        const switched: number[] = [];
        const { reader, calls } = scripted({ onSwitch: found => switched.push(found) > 0 });
        reader.begin(method);
        feed(reader, whole.slice(0, cut));
        feed(reader, whole.slice(cut));
        reader.end();
        expect(switched).toEqual([status]);
        expect([calls.at(-1), reader.reusable, reader.contentLength]).toEqual(["end", false, undefined]);
        const handedOut = calls.filter(call => call.startsWith("body")).map(call => Number(call.slice(5)));
        expect(handedOut.reduce((sum, size) => sum + size, 0)).toBe(whole.length - head.length);
      }
    },
  );

  test("a 101 in HTTP/1.0, or that nobody asked for, is a violation", () => {
    const [[, head]] = answers;
    for (const [text, asked] of [
      [head.replace("1.1", "1.0"), true],
      [head, false],
    ] as const) {
      const { reader, calls } = scripted({ onSwitch: () => asked });
      reader.begin("GET");
      feed(reader, text);
      expect(calls).toEqual(["error upgrade at 0"]);
    }
  });

  test("a tunnel that nobody wants is an answer without a body", () => {
    const { reader, calls } = scripted({ onSwitch: () => false });
    reader.begin("CONNECT");
    feed(reader, answers[1][1]);
    expect([calls, reader.reusable, reader.contentLength]).toEqual([["head 200", "end"], false, 0]);
  });
});

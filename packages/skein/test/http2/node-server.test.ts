import { once } from "node:events";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "@skein/testkit";
import type { Http2Violation } from "../../src/protocol/http2/error-codes.ts";
import { FrameReader } from "../../src/protocol/http2/frames/frame-reader.ts";
import type { FrameSink } from "../../src/protocol/http2/frames/frame-sink.ts";
import { SETTINGS_IDS } from "../../src/protocol/http2/frames/frame-types.ts";
import { FrameWriter } from "../../src/protocol/http2/frames/frame-writer.ts";
import { HpackDecoder } from "../../src/protocol/http2/hpack/hpack-decoder.ts";
import { HpackEncoder } from "../../src/protocol/http2/hpack/hpack-encoder.ts";
import { RequestFields } from "../../src/protocol/http2/request-fields.ts";
import { type RequestHead, writeRequestHead, writeTrailers } from "../../src/protocol/http2/request-head.ts";
import { ResponseFields } from "../../src/protocol/http2/response-fields.ts";
import { latin1 } from "./frame-feeds.ts";

/** What Node's server understood of a request. */
interface Echo {
  headers: readonly string[];
  body: string;
  trailers: readonly string[];
}

interface Answer {
  status: number;
  fieldLines: string;
  body: string;
}

/** A client that is nothing but the codec: all requests go out in one write, and it waits for all answers. */
class CodecClient implements FrameSink {
  readonly writer = new FrameWriter();
  readonly encoder = new HpackEncoder();
  readonly answers = new Map<number, Answer>();
  readonly socket: net.Socket;
  readonly pongs: [number, number][] = [];
  readonly #reader = new FrameReader(this, new HpackDecoder());
  readonly #response = new ResponseFields({ latin1 });
  #failure: Http2Violation | undefined;
  #ended = 0;
  #wanted = 0;
  #nextStream = 1;
  #wake = () => {};

  constructor(port: number) {
    this.socket = net.connect(port, "127.0.0.1");
    this.socket.on("data", (bytes: Buffer) => {
      this.#reader.receive(bytes, 0, bytes.length);
      this.flush();
    });
    this.socket.on("close", () => this.#wake());
    this.writer.preface({
      ENABLE_PUSH: 0,
      MAX_CONCURRENT_STREAMS: undefined,
      INITIAL_WINDOW_SIZE: 2 ** 31 - 1,
    });
    this.writer.windowUpdate(0, 2 ** 31 - 1 - 65_535);
  }

  request(head: Partial<RequestHead>): number {
    const streamId = this.#nextStream;
    this.#nextStream += 2;
    this.#wanted += 1;
    writeRequestHead(this.writer, this.encoder, {
      streamId,
      endStream: true,
      method: "GET",
      scheme: "http",
      authority: "judge.example",
      path: "/",
      fields: RequestFields.from([]),
      ...head,
    });
    return streamId;
  }

  flush(): void {
    if (this.writer.pending > 0) this.socket.write(this.writer.take());
  }

  /** The echo of each request, in their order. */
  async echoes(): Promise<Echo[]> {
    this.flush();
    while (this.#ended < this.#wanted && this.#failure === undefined && !this.socket.closed) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    expect(this.#failure).toBe(undefined);
    const answers = [...this.answers].sort(([a], [b]) => a - b);
    this.answers.clear();
    return answers.map(([, { status, body }]) => {
      expect(status).toBe(200);
      return JSON.parse(body);
    });
  }

  onHeaders(streamId: number, endStream: boolean): void {
    const known = this.answers.get(streamId);
    const isRight =
      known === undefined
        ? this.#response.readHead(this.#reader.fields)
        : this.#response.readTrailers(this.#reader.fields);
    expect(isRight, this.#response.fault).toBe(true);
    const { status, fieldLines } = this.#response;
    if (known === undefined) this.answers.set(streamId, { status, fieldLines, body: "" });
    else known.fieldLines += fieldLines;
    if (endStream) this.#end();
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    const { frame, endStream } = this.#reader;
    this.answers.get(frame.streamId)!.body += Buffer.from(bytes.subarray(start, end)).toString();
    if (endStream) this.#end();
  }

  onSetting(id: number, value: number): void {
    if (id === SETTINGS_IDS.HEADER_TABLE_SIZE) this.encoder.allowTableSize(value);
    if (id === SETTINGS_IDS.MAX_FRAME_SIZE) this.writer.maxFrameSize = value;
  }

  onSettingsEnd(): void {
    this.writer.settingsAck();
    this.#wake();
  }

  onPing(high: number, low: number): void {
    this.writer.pingAck(high, low);
  }

  onPingAck(high: number, low: number): void {
    this.pongs.push([high, low]);
    this.#wake();
  }

  onError(violation: Http2Violation): void {
    this.#failure = violation;
    this.#wake();
  }

  onReset(streamId: number, code: number): void {
    this.#refuse(`reset of ${streamId} with ${code}`);
  }

  onGoaway(lastStreamId: number, code: number): void {
    this.#refuse(`goaway ${lastStreamId} with ${code}`);
  }

  onSettingsAck(): void {}
  onWindowUpdate(): void {}

  #refuse(reason: string): void {
    this.onError({ code: "INTERNAL_ERROR", scope: "connection", streamId: 0, offset: 0, reason });
  }

  #end(): void {
    this.#ended += 1;
    this.#wake();
  }
}

/** Node's server, which answers each request with what it understood of it. */
async function judge(settings: http2.Settings = {}): Promise<CodecClient> {
  const server = http2.createServer({ settings });
  server.on("stream", (stream: http2.ServerHttp2Stream, _headers, _flags, rawHeaders) => {
    const echo: Echo = { headers: rawHeaders, body: "", trailers: [] };
    stream.setEncoding("latin1");
    stream.on("data", (text: string) => {
      echo.body += text;
    });
    stream.on("trailers", trailers => {
      echo.trailers = Object.entries(trailers).flat().map(String);
    });
    stream.on("end", () => {
      stream.respond({
        ":status": 200,
        "content-type": "application/json",
        server: "judge",
        "x-again": "the same",
      });
      stream.end(JSON.stringify(echo));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = new CodecClient((server.address() as AddressInfo).port);
  onTestFinished(() => {
    client.socket.destroy();
    server.close();
  });
  return client;
}

function pseudo(path: string, method = "GET", authority = "judge.example"): string[] {
  return [":method", method, ":scheme", "http", ":path", path, ":authority", authority];
}

describe("Node's server reads what our encoder writes", () => {
  test("request by request, with default fields that come again and others that don't", async () => {
    const client = await judge();
    const shared = [
      ["user-agent", "skein/0.1"],
      ["accept", "*/*"],
      ["accept-encoding", "gzip, deflate, br"],
      ["authorization", "Bearer secret"],
      ["cookie", "a=b"],
    ] as const;
    const fields = RequestFields.from(shared);
    for (let i = 0; i < 100; i++) {
      const more = i % 3 === 0 ? RequestFields.from([["x-own", String(i)]]) : undefined;
      client.request({ path: `/items/${i % 13}?page=${i}`, fields, more });
    }
    const echoes = await client.echoes();
    expect(echoes).toHaveLength(100);
    echoes.forEach(({ headers }, i) => {
      const own = i % 3 === 0 ? ["x-own", String(i)] : [];
      expect(headers).toEqual([...pseudo(`/items/${i % 13}?page=${i}`), ...shared.flat(), ...own]);
    });
  });

  test.each([0, 32, 100, 4_096, 65_536])("with a header table of %d bytes", async headerTableSize => {
    const client = await judge({ headerTableSize });
    const sets = Array.from({ length: 60 }, (_, i) =>
      RequestFields.from([
        ["x-even", String(i % 2)],
        [`x-name-${i % 9}`, "v".repeat((i * 37) % 300)],
        ["x-large", "l".repeat(i % 5 === 0 ? 2_500 : 3)],
      ]),
    );
    for (const round of [sets, sets]) {
      for (const fields of round) client.request({ fields });
      const echoes = await client.echoes();
      expect(echoes.map(({ headers }) => headers)).toEqual(
        round.map(({ fields }) => [...pseudo("/"), ...fields]),
      );
    }
  });

  test("values of every byte that a field may hold", async () => {
    const client = await judge();
    const bytes = [9, ...Array.from({ length: 224 }, (_, i) => 32 + i).filter(byte => byte !== 127)];
    const values = bytes.map(byte => `a${String.fromCharCode(byte).repeat(1 + (byte % 4))}b`);
    const fields = values.map((value, i) => [`x-${i}`, value] as const);
    for (let at = 0; at < fields.length; at += 50)
      client.request({ fields: RequestFields.from(fields.slice(at, at + 50)) });
    const echoes = await client.echoes();
    expect(echoes.flatMap(({ headers }) => headers.slice(8))).toEqual(fields.flat());
  });

  test("headers that need several frames", async () => {
    const client = await judge();
    const fields = RequestFields.from([
      ["x-large", "{".repeat(20_000)],
      ["x-larger", "~".repeat(20_000)],
    ]);
    client.request({ fields });
    client.request({ path: "/next" });
    const [large, next] = await client.echoes();
    expect(large!.headers).toEqual([...pseudo("/"), ...fields.fields]);
    expect(next!.headers).toEqual(pseudo("/next"));
  });

  test("bodies of several frames, and trailers", async () => {
    const client = await judge({ initialWindowSize: 2 ** 20 });
    const body = Buffer.alloc(40_000, "body ");
    const fields = RequestFields.from([["content-length", String(body.length)]]);
    const post = client.request({ method: "POST", endStream: false, fields });
    client.writer.data(post, body.subarray(0, 33_000), false);
    client.writer.data(post, body.subarray(33_000), true);
    const put = client.request({ method: "PUT", endStream: false, path: "/put" });
    client.writer.dataHeader(put, 3, false);
    client.writer.append(Buffer.from("abc"));
    writeTrailers(client.writer, client.encoder, {
      streamId: put,
      fields: RequestFields.from([["x-sum", "6"]]),
    });
    const empty = client.request({ method: "POST", endStream: false });
    client.writer.data(empty, Buffer.alloc(0), true);
    const [first, second, third] = await client.echoes();
    expect(first!.body).toBe(body.toString());
    expect(second).toEqual({ headers: pseudo("/put", "PUT"), body: "abc", trailers: ["x-sum", "6"] });
    expect(third!.body).toBe("");
  });

  test("a host field is the authority", async () => {
    const client = await judge();
    client.request({
      fields: RequestFields.from([
        ["Host", "other.example:81"],
        ["X-Case", "Kept"],
      ]),
    });
    const [echo] = await client.echoes();
    expect(echo!.headers).toEqual([...pseudo("/", "GET", "other.example:81"), "x-case", "Kept"]);
  });

  test("pings are answered", async () => {
    const client = await judge();
    client.writer.ping(0xfedcba98, 0x01234567);
    client.request({});
    await client.echoes();
    expect(client.pongs).toEqual([[0xfedcba98, 0x01234567]]);
  });
});

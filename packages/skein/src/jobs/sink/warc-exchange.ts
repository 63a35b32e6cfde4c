import { redactHeader } from "../../core/redact-header.ts";
import { withoutUserinfo } from "../../core/redact-url.ts";
import type { Response } from "../../entry/node.ts";
import { type WarcRecord, warcBytes, warcDigest, warcId } from "./warc-record.ts";

const NOTHING = new Uint8Array(0);
/** They say how a body was sent; in the file it stands as it was decoded. */
const OF_THE_WAY = new Set(["content-encoding", "transfer-encoding", "content-length"]);

/** An exchange with its redirects: a response and a request record of each, in their order. */
export function exchangeRecords(response: Response, body: string | undefined): Buffer {
  const hops = [...response.history, response];
  const date = Date.now();
  return Buffer.concat(hops.flatMap(hop => hopRecords(hop, body, date)));
}

function hopRecords(response: Response, body: string | undefined, date: number): Buffer[] {
  const id = warcId();
  const targetUri = withoutUserinfo(response.url);
  const payload = response.hasContent ? response.bytes() : NOTHING;
  const record: Pick<WarcRecord, "date" | "targetUri"> = { date, targetUri };
  const peer = response.record?.peer?.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return [
    warcBytes({
      ...record,
      type: "response",
      id,
      contentType: "application/http;msgtype=response",
      fields: [
        ...(peer === undefined ? [] : ([["WARC-IP-Address", peer]] as const)),
        ["WARC-Payload-Digest", warcDigest(payload)],
      ],
      block: Buffer.concat([Buffer.from(responseHead(response, payload.length), "latin1"), payload]),
    }),
    warcBytes({
      ...record,
      type: "request",
      id: warcId(),
      contentType: "application/http;msgtype=request",
      fields: [["WARC-Concurrent-To", id]],
      block: requestBlock(response, body),
    }),
  ];
}

/**
 * The head as it came, but for the fields that say how the body was sent: they are kept under the name that other archives
 * give them, and the length is that of the body in the file.
 */
function responseHead({ status, reasonPhrase, headers }: Response, length: number): string {
  const fields = [...headers].map(([name, value]) =>
    OF_THE_WAY.has(name.toLowerCase()) ? `X-Archive-Orig-${name}: ${value}` : `${name}: ${value}`,
  );
  return `HTTP/1.1 ${status} ${reasonPhrase}\r\n${[...fields, `Content-Length: ${length}`].join("\r\n")}\r\n\r\n`;
}

/** Without credentials: an archive is there to be given to others. */
function requestBlock({ request }: Response, body: string | undefined): Buffer {
  const content = request.body === undefined ? "" : (body ?? "");
  const fields = [...request.headers].map(([name, value]) => `${name}: ${redactHeader(name, value)}`);
  const head = [
    `${request.method} ${request.url.target} HTTP/1.1`,
    `Host: ${request.url.origin.host}`,
    ...fields,
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), Buffer.from(content)]);
}

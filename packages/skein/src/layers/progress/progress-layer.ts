import type { Clock } from "../../core/clock.ts";
import type { CallProgress } from "../../core/progress.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import { ProgressMeter } from "../../policy/progress-meter.ts";
import { isRedirectStatus, MeteredBody } from "./metered-body.ts";
import { MeteredUpload } from "./metered-upload.ts";

export interface ProgressLayerOptions {
  readonly clock: Clock;
  /** Whether the transport takes content codings off by itself: content-length then says nothing of what comes. */
  readonly decodes: boolean;
}

/**
 * Tells `onUploadProgress` and `onDownloadProgress` of the bytes on their way, as they go over the network: what a
 * content coding makes of them stands above. A call without either is handed on as it is.
 */
export function progressLayer(options: ProgressLayerOptions): Layer {
  return inner => ({
    send(request, context) {
      const { progress } = context;
      return progress === undefined
        ? inner.send(request, context)
        : sendMetered(inner, { request, context, progress, options });
    },
    close: () => inner.close(),
  });
}

interface Metered {
  readonly request: Request;
  readonly context: RequestContext;
  readonly progress: CallProgress;
  readonly options: ProgressLayerOptions;
}

async function sendMetered(inner: Service, metered: Metered): Promise<Response> {
  const { request, context, progress, options } = metered;
  const { upload, download } = progress;
  const { clock } = options;
  const hasUpload = upload !== undefined && request.body !== undefined && request.body.length !== 0;
  const sent = hasUpload ? request.with({ body: new MeteredUpload(request.body, upload, clock) }) : request;
  const response = await inner.send(sent, context);
  if (download === undefined || isRedirectStatus(response.status)) return response;
  const total =
    (options.decodes || response.isDecoded) && response.headers.has("content-encoding")
      ? undefined
      : lengthOf(response);
  const meter = new ProgressMeter(download, clock, { name: "onDownloadProgress", total });
  response.body = new MeteredBody(response.body, meter);
  return response;
}

/** As the head announces it; the codec has checked the field. An answer to HEAD announces what does not come. */
function lengthOf({ headers, request }: Response): number | undefined {
  const field = headers.get("content-length");
  return field === null || request.method === "HEAD" ? undefined : Number.parseInt(field, 10);
}

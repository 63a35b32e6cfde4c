import type { Response } from "../../core/response.ts";
import type { Layer } from "../../core/service.ts";

/**
 * Reads the body into memory, for calls that do not stream, or into what the call brings along for it. It stands below `retry`: a body that is cut, reset or
 * corrupt makes the attempt fail, and is tried again like any other failure.
 */
export function bufferLayer(): Layer {
  return inner => ({
    // Not async, like all layers that every call goes through: `then` alone is half of what an async function costs.
    send(request, context) {
      const { receiver } = context;
      if (receiver !== undefined) return receiver.receive(request, changed => inner.send(changed, context));
      const pending = inner.send(request, context);
      return context.streaming ? pending : pending.then(response => read(response, context.maxResponseBytes));
    },
    close: () => inner.close(),
  });
}

/** A small body has mostly arrived together with its head: then nobody waits. */
function read(response: Response, maxBytes: number): Response | Promise<Response> {
  const { complete } = response.body;
  if (complete === undefined || complete.length > maxBytes) return collect(response, maxBytes);
  response.setContent(complete);
  return response;
}

async function collect(response: Response, maxBytes: number): Promise<Response> {
  response.setContent(await response.body.collect(maxBytes));
  return response;
}

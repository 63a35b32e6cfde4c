import type { Layer } from "../../core/service.ts";

/**
 * Reads the body into memory, for calls that do not stream. It stands below `retry`: a body that is cut, reset or
 * corrupt makes the attempt fail, and is tried again like any other failure.
 */
export function bufferLayer(): Layer {
  return inner => ({
    async send(request, context) {
      const response = await inner.send(request, context);
      if (context.streaming) return response;
      const { complete } = response.body;
      if (complete !== undefined && complete.length <= context.maxResponseBytes)
        response.setContent(complete);
      else response.setContent(await response.body.collect(context.maxResponseBytes));
      return response;
    },
    close: () => inner.close(),
  });
}

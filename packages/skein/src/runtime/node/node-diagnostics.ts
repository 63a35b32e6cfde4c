import { channel } from "node:diagnostics_channel";
import type { Diagnostics } from "../../core/diagnostics.ts";

const channels = {
  start: channel("skein:request:start"),
  end: channel("skein:request:end"),
  error: channel("skein:request:error"),
};

/** `diagnostics_channel`: skein:request:start, :end and :error. */
export const nodeDiagnostics: Diagnostics = {
  get hasSubscribers() {
    return channels.start.hasSubscribers || channels.end.hasSubscribers || channels.error.hasSubscribers;
  },
  publish(moment, message) {
    channels[moment].publish(message);
  },
};

import type { Transport } from "../../core/service.ts";
import type { Mounts } from "../mounts.ts";

/** Mounted transports whose code is loaded by the first call; a mistake among them is told to that one. */
export function mountsOnDemand(mounts: Mounts, own: Transport): Transport {
  let loading: Promise<Transport> | undefined;
  const routed = () => {
    loading ??= import("../mounts.ts").then(({ mountTransports }) => mountTransports(mounts, own));
    return loading;
  };
  return {
    decodes: own.decodes === true,
    unsupported: own.unsupported ?? [],
    send: async (request, context) => (await routed()).send(request, context),
    close: async () => (await routed()).close(),
    destroy: reason => {
      void routed()
        .catch(() => own)
        .then(transport => transport.destroy?.(reason));
    },
  };
}

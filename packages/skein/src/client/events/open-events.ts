import { InvalidOption } from "../../core/errors.ts";
import { buildRequest } from "../build-request.ts";
import { Call } from "../call.ts";
import type { ClientAccess } from "../client-access.ts";
import { StreamResponse } from "../stream-response.ts";
import { type EventStream, type EventsOptions, ReconnectingEvents } from "./event-stream.ts";

/** The events of a URL, through a client's layers. Nothing is sent before they are iterated. */
export function openEvents(client: ClientAccess, url: string | URL, options: EventsOptions): EventStream {
  const { method = "GET", lastEventId, reconnect, maxEventLength, ...rest } = options;
  if (Object.hasOwn(rest, "deadline"))
    throw new InvalidOption("deadline: events come until they are closed; give a signal that aborts then");
  const { settings } = client;
  const connection = {
    clock: client.ports.clock,
    request: buildRequest(settings, method, { url, options: rest }),
    signal: rest.signal,
    connect: (built: EventStreamRequest, again: boolean) => {
      const call = new Call(method, { url, options: again ? { ...rest, retry: false } : rest, built });
      const response = client.run(call, settings.eventStreams).then(answer => new StreamResponse(answer));
      return { response, cancel: () => call.cancel("the event stream was closed") };
    },
  };
  return new ReconnectingEvents(connection, {
    headers: rest.headers,
    lastEventId,
    reconnect,
    maxEventLength,
  });
}

type EventStreamRequest = ReturnType<typeof buildRequest>;

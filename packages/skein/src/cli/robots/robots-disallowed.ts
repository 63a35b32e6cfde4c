import { RequestError } from "../../entry/node.ts";

/** A host's robots.txt asks not to be sent this. Nothing was sent. */
export class RobotsDisallowed extends RequestError {
  declare readonly code: "ROBOTS_DISALLOWED";
  override readonly name = "RobotsDisallowed";

  constructor(reason: string) {
    super("ROBOTS_DISALLOWED", reason, { phase: "queue", requestSent: "none" });
  }
}

/** For programs that count what a client does over a long time. Light, without the client. */

export { Histogram } from "../policy/histogram.ts";

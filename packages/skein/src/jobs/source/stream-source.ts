import type { Source } from "./source.ts";

/** A list that comes in as a stream (stdin), with lines as in a file. It is resumed by giving the same lines again. */
export declare function streamSource(readable: NodeJS.ReadableStream, name: string): Source;

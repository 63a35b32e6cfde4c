import type { Source } from "./source.ts";

/** A list that was given in the call: URLs, one an item. */
export declare function argumentsSource(urls: readonly string[]): Source;

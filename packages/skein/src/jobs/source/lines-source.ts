import type { Source } from "./source.ts";

/** A list in a file, a line an item: a URL, or a JSON object `{id?, url, method?, headers?, body?|json?, meta?}`. */
export declare function linesSource(path: string): Source;

import { formatBytes } from "./format-bytes.ts";
import { indentJson } from "./indent-json.ts";
import type { Paint } from "./paint.ts";

/** What is shown of a response's body; the library's Response is one. */
export interface ShownBody {
  readonly headers: { get(name: string): string | null };
  bytes(): Uint8Array;
  text(): string;
}

/** A body as a terminal can show it: JSON indented, text without what would steer the terminal, nothing binary. */
export function renderTerminalBody(response: ShownBody, paint: Paint): string {
  const type = response.headers.get("content-type") ?? "";
  const bytes = response.bytes();
  if (bytes.includes(0)) {
    const what = [type.split(";")[0]?.trim(), formatBytes(bytes.length)].filter(Boolean).join(", ");
    return `${paint("dim", `(binary body, ${what}: not shown on a terminal; use -o FILE, or a pipe)`)}\n`;
  }
  const text = response.text();
  const json = /[/+]json\b/i.test(type) ? indentJson(text, paint) : undefined;
  return endWithNewline(json ?? harmless(text));
}

/** Escape sequences of a server could rename the window, move the cursor, or hide what was printed before. */
function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be found
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "\ufffd");
}

function endWithNewline(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

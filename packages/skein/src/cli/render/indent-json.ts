import type { Paint } from "./paint.ts";

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * JSON with one member a line; undefined when the text is not JSON. It works on the text, so that what a reader sees is
 * what the server sent: long numbers keep their digits, members their order, and double members are not dropped.
 */
export function indentJson(text: string, paint: Paint): string | undefined {
  if (!isJson(text)) return undefined;
  const tokens = text.match(TOKEN) ?? [];
  let depth = 0;
  let result = "";
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (token === "}" || token === "]") {
      depth -= 1;
      if (!isOpening(tokens[index - 1])) result += newLine(depth);
      result += token;
    } else if (isOpening(token)) {
      depth += 1;
      result += token;
      if (next !== "}" && next !== "]") result += newLine(depth);
    } else if (token === ",") result += `,${newLine(depth)}`;
    else if (token === ":") result += ": ";
    else result += painted(token, next === ":", paint);
  }
  return result;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isOpening(token: string | undefined): boolean {
  return token === "{" || token === "[";
}

function newLine(depth: number): string {
  return `\n${"  ".repeat(depth)}`;
}

function painted(token: string, isName: boolean, paint: Paint): string {
  if (isName) return paint("bold", token);
  return paint(token.startsWith('"') ? "green" : "cyan", token);
}

import { readFileSync } from "node:fs";
import ts from "typescript";

/** Between the title of a group and what stands in it. */
const SEPARATOR = " › ";

const GROUPS = new Set(["describe", "suite"]);
const TESTS = new Set(["test", "it"]);
/** What keeps a test from being run. */
const NOT_RUN = new Set(["skip", "todo"]);

/** A call such as `describe("title", …)` or `test.each(rows)("title", …)`. */
interface Titled {
  readonly kind: "group" | "test";
  readonly title: string;
  readonly runs: boolean;
}

/**
 * The titles of the tests that a file runs, each with those of its groups before it, and the titles of the groups that
 * hold one. Read from the source: the title of `test.each` is as it is written there, `%s` and all.
 */
export function testTitles(path: string): Set<string> {
  const file = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  const titles = new Set<string>();
  const visit = (node: ts.Node, groups: readonly string[]): void => {
    const titled = ts.isCallExpression(node) ? titledCall(node, file) : undefined;
    if (titled?.runs === false) return;
    const path = titled === undefined ? groups : [...groups, titled.title];
    if (titled?.kind === "test") for (const depth of path.keys()) titles.add(titleOf(path, depth));
    else ts.forEachChild(node, child => visit(child, path));
  };
  visit(file, []);
  return titles;
}

function titleOf(path: readonly string[], depth: number): string {
  return path.slice(0, depth + 1).join(SEPARATOR);
}

function titledCall(call: ts.CallExpression, file: ts.SourceFile): Titled | undefined {
  const [title] = call.arguments;
  if (title === undefined || !(ts.isStringLiteralLike(title) || ts.isTemplateExpression(title)))
    return undefined;
  const [root, ...modifiers] = calleeNames(call.expression);
  if (root === undefined || !(GROUPS.has(root) || TESTS.has(root))) return undefined;
  return {
    kind: GROUPS.has(root) ? "group" : "test",
    title: ts.isStringLiteralLike(title) ? title.text : title.getText(file).slice(1, -1),
    runs: !modifiers.some(name => NOT_RUN.has(name)),
  };
}

/** `test.skipIf(x).each(rows)` → `["test", "skipIf", "each"]`. */
function calleeNames(callee: ts.Expression): string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  if (ts.isPropertyAccessExpression(callee)) return [...calleeNames(callee.expression), callee.name.text];
  if (ts.isCallExpression(callee) || ts.isTaggedTemplateExpression(callee))
    return calleeNames(ts.isCallExpression(callee) ? callee.expression : callee.tag);
  return [];
}

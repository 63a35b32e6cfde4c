import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Strict in everything, the declarations of packages included; without the types of Node, unless they are asked for. */
const STRICT: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  target: ts.ScriptTarget.ES2024,
  lib: ["lib.es2024.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: [],
};

/** What TypeScript says of a project's files, one line a fault. */
export function faultsIn(project: string, options: ts.CompilerOptions): string[] {
  const files = readdirSync(project).filter(name => /\.[cm]?ts$/.test(name));
  const program = ts.createProgram(
    files.map(name => join(project, name)),
    { ...STRICT, ...options },
  );
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) =>
        `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
}

export const NODE16: ts.CompilerOptions = {
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
};
/** Of Nodes that can require ES modules. */
export const NODE20: ts.CompilerOptions = {
  module: ts.ModuleKind.Node20,
  moduleResolution: ts.ModuleResolutionKind.Node16,
};
export const BUNDLER: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};

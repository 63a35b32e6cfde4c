import "./warnings.ts";
import { handleOutputErrors } from "./output-errors.ts";
import { runProgram } from "./program.ts";
import { reportError } from "./report-error.ts";

handleOutputErrors();
const exitCode = await runProgram(process.argv.slice(2)).catch(reportError);
process.exitCode ??= exitCode;

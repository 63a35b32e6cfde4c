import { handleOutputErrors } from "./output-errors.ts";
import { runProgram } from "./program.ts";
import { reportError } from "./report-error.ts";
import { handleWarnings } from "./warnings.ts";

handleWarnings();
handleOutputErrors();
const exitCode = await runProgram(process.argv.slice(2)).catch(reportError);
process.exitCode ??= exitCode;

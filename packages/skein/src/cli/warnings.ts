/**
 * Node prints warnings with a process id and a hint about flags; this is a program, whose users know neither. On Node 22
 * the journal's thread would print one for node:sqlite; it takes this environment over when it starts.
 */
export function handleWarnings(): void {
  process.env.NODE_NO_WARNINGS = "1";
  process.removeAllListeners("warning");
  process.on("warning", warning => {
    process.stderr.write(`skein: warning: ${warning.message}\n`);
  });
}

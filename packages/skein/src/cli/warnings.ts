// Imported first: node:sqlite warns when it is loaded, on Node 22.

/** Node prints warnings with a process id and a hint about flags; this is a program, whose users know neither. */
process.removeAllListeners("warning");
process.on("warning", warning => {
  if (warning.name === "ExperimentalWarning" && /sqlite/i.test(warning.message)) return;
  process.stderr.write(`skein: warning: ${warning.message}\n`);
});

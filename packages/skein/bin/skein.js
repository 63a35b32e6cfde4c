#!/usr/bin/env node
// The version is checked before anything else is imported: an old Node would stop at a syntax error instead.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(
    `skein needs Node 22.15 or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      "Install a newer Node, or start skein with npx inside a project that pins one.\n",
  );
  process.exitCode = 2;
} else {
  await import("../dist/cli.js");
}

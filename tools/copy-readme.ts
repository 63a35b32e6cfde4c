import { copyFileSync } from "node:fs";

/** The package carries the project's README: one text, kept in one place. */
copyFileSync(
  new URL("../README.md", import.meta.url),
  new URL("../packages/skein/README.md", import.meta.url),
);

export type * from "../../skein/src/cli/dashboard/protocol.ts";

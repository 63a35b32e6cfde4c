export type * from "../../skein/src/cli/dashboard/protocol.ts";
export type * from "../../skein/src/cli/dashboard/report-data.ts";

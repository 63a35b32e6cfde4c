// The module of the threads of `skein fetch --threads`.
export { threadParts as default } from "./fetch-client.ts";

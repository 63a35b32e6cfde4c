/** What another origin may know: how to answer, and nothing of who asks. */
const HARMLESS_ELSEWHERE = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "dnt",
  "pragma",
  "prefer",
  "priority",
  "range",
  "save-data",
  "te",
  "user-agent",
]);

/** Whether a field, by its lower-case name, may be told to another origin than the one it was meant for. */
export function isHarmlessElsewhere(lowerCaseName: string): boolean {
  return HARMLESS_ELSEWHERE.has(lowerCaseName) || lowerCaseName.startsWith("if-");
}

/** Where this page is: what its relative URLs are relative to. Undefined on the edge, which is nowhere. */
export function pageUrl(): string | undefined {
  if ("document" in globalThis) return document.baseURI;
  return "location" in globalThis ? location.href : undefined;
}

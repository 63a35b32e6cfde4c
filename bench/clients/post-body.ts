/** 1 KB of JSON, give or take a byte; every call encodes it anew, as programs do. */
export const POST_BODY = {
  id: 12_345,
  name: "Skein",
  tags: ["many", "together", "in order"],
  rows: Array.from({ length: 20 }, (_, index) => ({ index, value: "0123456789abcdef", ok: true })),
};

/** A client under measurement that fetches one large body at a time, and tells how long it was. */
export interface BodyClient {
  /** Takes each chunk as it comes, and keeps none. */
  streamed(url: string): Promise<number>;
  /** Has it whole, in one array. */
  buffered(url: string): Promise<number>;
  close(): Promise<void> | void;
}

export type MakeBodyClient = (url: string) => BodyClient;

/** The length of all that a stream gives. */
export async function lengthOf(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const chunk of chunks) length += chunk.length;
  return length;
}

/**
 * A client under measurement that fetches one large body at a time, and tells how long it was.
 *
 * @typedef {object} BodyClient
 * @property {(url: string) => Promise<number>} streamed takes each chunk as it comes, and keeps none
 * @property {(url: string) => Promise<number>} buffered has it whole, in one array
 * @property {() => Promise<void> | void} close
 *
 * Each module beside this one exports a maker.
 * @typedef {(url: string) => BodyClient} MakeBodyClient
 */

/**
 * The length of all that a stream gives.
 *
 * @param {AsyncIterable<Uint8Array>} chunks
 */
export async function lengthOf(chunks) {
  let length = 0;
  for await (const chunk of chunks) length += chunk.length;
  return length;
}

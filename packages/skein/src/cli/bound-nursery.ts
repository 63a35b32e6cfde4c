import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** From here on, a larger nursery only takes memory: what a fetch makes is garbage within milliseconds. */
const LARGE_ENOUGH_BYTES = 15e6;
const LOOK_EVERY_MS = 50;

/**
 * Lets V8's nursery grow to about 16 MB, and no further; left alone it takes 64 MB, a quarter of all the memory that a
 * fetch uses. The flag that says so at the start (`--max-semi-space-size`) is not ours to give: people start us by name.
 */
export function boundNursery(): void {
  const timer = setInterval(() => {
    const nursery = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    if (nursery !== undefined && nursery.space_size < LARGE_ENOUGH_BYTES) return;
    setFlagsFromString("--semi-space-growth-factor=1");
    clearInterval(timer);
  }, LOOK_EVERY_MS);
  timer.unref();
}

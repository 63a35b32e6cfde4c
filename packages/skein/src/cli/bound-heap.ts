import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** From here on, a larger nursery only takes memory: what a fetch makes is garbage within milliseconds. */
const LARGE_ENOUGH_BYTES = 7e6;
const LOOK_EVERY_MS = 50;
/** How much garbage there may be among what has survived, in percent of what lives, before it is collected. */
const GROWING_PERCENT = 30;

/**
 * Lets V8's nursery grow to about 8 MB, and no further; left alone it takes 64 MB, a quarter of all the memory that a
 * fetch uses. And lets the items that are looked ahead, which outlive the nursery, be collected before they are three times what
 * lives: of 250 MB 175 are left. The flags that say so at the start (`--max-semi-space-size`) are not ours to give: people start us
 * by name.
 */
export function boundHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
  const timer = setInterval(() => {
    const nursery = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    if (nursery !== undefined && nursery.space_size < LARGE_ENOUGH_BYTES) return;
    setFlagsFromString("--semi-space-growth-factor=1");
    clearInterval(timer);
  }, LOOK_EVERY_MS);
  timer.unref();
}

import { FRONTS, type FrontName } from "./fronts.ts";

/** What stands before the origins of this run, where the behaviour suite runs over HTTP/2; undefined: nothing. */
export function stackOfRun(): FrontName | undefined {
  const name = process.env.SKEIN_TEST_FRONT;
  if (!name) return undefined;
  if (name in FRONTS) return name as FrontName;
  throw new Error(
    `SKEIN_TEST_FRONT: no front is named "${name}"; there are ${Object.keys(FRONTS).join(", ")}`,
  );
}

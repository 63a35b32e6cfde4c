import { type Duration, parseDuration } from "../core/duration.ts";
import { InvalidOption } from "../core/errors.ts";

/** How long something takes, in milliseconds, by chance: `random` gives numbers in [0, 1). */
export type LatencyLaw = (random: () => number) => number;

/**
 * Always the same time.
 *
 * @example
 * sim.server("https://a.test", { serviceTime: constant("100ms") });
 */
export function constant(time: Duration): LatencyLaw {
  const ms = parseDuration(time, "constant");
  return () => ms;
}

/** Any time between two, each as likely. */
export function uniform(least: Duration, most: Duration): LatencyLaw {
  const from = parseDuration(least, "uniform");
  const width = parseDuration(most, "uniform") - from;
  if (width < 0) throw new InvalidOption("uniform(least, most): the second is the longer one");
  return random => from + width * random();
}

/** Times without a memory: mostly short, a few long. Of all, 37 % are above the mean, 5 % above three times of it. */
export function exponential(mean: Duration): LatencyLaw {
  const ms = parseDuration(mean, "exponential");
  return random => -ms * Math.log(1 - random());
}

/**
 * What servers mostly show: a hump, and a long tail on its right.
 *
 * @param median half of the times are below it
 * @param sigma how wide it is. With 0.5, 1 % are above 3.2 times the median; with 1, above 10 times. Default: 0.5
 */
export function lognormal(median: Duration, sigma = 0.5): LatencyLaw {
  const ms = parseDuration(median, "lognormal");
  if (!(sigma >= 0)) throw new InvalidOption(`lognormal(median, sigma): expected 0 or more; got ${sigma}`);
  return random => ms * Math.exp(sigma * standardNormal(random));
}

/** A law as it is given in options: a duration is always the same. */
export function parseLaw(given: LatencyLaw | Duration, name: string): LatencyLaw {
  if (typeof given === "function") return given;
  const ms = parseDuration(given, name);
  return () => ms;
}

/** By Box and Muller. */
function standardNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

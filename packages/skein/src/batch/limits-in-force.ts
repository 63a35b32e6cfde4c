import { checkNames } from "../core/option-names.ts";
import type { BatchLimitChanges, BatchLimits, BatchOptions } from "./batch-options.ts";
import { type ConnectionBounds, type LimitSettings, limitSettings } from "./batch-settings.ts";

type LimitOptions = Pick<
  BatchOptions<unknown, unknown, unknown>,
  "concurrency" | "perOrigin" | "rate" | "perOriginRate"
>;

const NAMES = ["concurrency", "perOrigin", "rate", "perOriginRate"];

/** The limits of a batch, which may be changed while it runs. */
export class LimitsInForce {
  readonly #bounds: ConnectionBounds;
  #options: LimitOptions;
  settings: LimitSettings;

  constructor({ concurrency, perOrigin, rate, perOriginRate }: LimitOptions, bounds: ConnectionBounds) {
    this.#bounds = bounds;
    this.#options = {
      ...(concurrency === undefined ? undefined : { concurrency }),
      ...(perOrigin === undefined ? undefined : { perOrigin }),
      ...(rate === undefined ? undefined : { rate }),
      ...(perOriginRate === undefined ? undefined : { perOriginRate }),
    };
    this.settings = limitSettings(this.#options, bounds);
  }

  /** As they are told. */
  get told(): BatchLimits {
    const { rate, perOriginRate } = this.#options;
    const { concurrency, findsConcurrency, perOrigin, findsPerOrigin } = this.settings;
    return { concurrency, findsConcurrency, perOrigin, findsPerOrigin, rate, perOriginRate };
  }

  /** @throws InvalidOption, and then nothing has changed */
  change(given: BatchLimitChanges): LimitSettings {
    const changes = checkNames(given, NAMES, "limits");
    const options: Record<string, unknown> = { ...this.#options };
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) delete options[name];
      else if (value !== undefined) options[name] = value;
    }
    this.settings = limitSettings(options, this.#bounds);
    this.#options = options;
    return this.settings;
  }
}

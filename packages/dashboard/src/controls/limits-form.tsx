import { useState } from "preact/hooks";
import type { JobLimits, LimitChanges } from "../protocol.ts";
import { type LimitFields, readLimits } from "./read-limits.ts";

interface LimitsFormProps {
  readonly limits: JobLimits | null;
  /** Why nothing can be changed. */
  readonly disabled: string | undefined;
  readonly set: (changes: LimitChanges) => void;
}

const fieldsOf = (limits: JobLimits | null): LimitFields => ({
  concurrency: String(limits?.concurrency ?? ""),
  perOrigin: limits?.perOriginIsAuto ? "auto" : String(limits?.perOrigin ?? ""),
  rate: limits?.rate ?? "",
  perOriginRate: limits?.perOriginRate ?? "",
});

const LABELS: readonly (readonly [keyof LimitFields, string, string])[] = [
  ["concurrency", "At once", "50"],
  ["perOrigin", "To one host", "8 or auto"],
  ["rate", "Rate", "100/s"],
  ["perOriginRate", "Rate to one host", "10/s"],
];

/** The limits in force, to be changed. */
export function LimitsForm({ limits, disabled, set }: LimitsFormProps) {
  /** What was typed; what was not follows the job. */
  const [typed, setTyped] = useState<Partial<LimitFields>>({});
  const [fault, setFault] = useState<string>();
  const inForce = fieldsOf(limits);
  const submit = (event: Event) => {
    event.preventDefault();
    if (disabled !== undefined) return;
    const read = readLimits({ ...inForce, ...typed }, inForce);
    setFault(typeof read === "string" ? read : undefined);
    if (typeof read === "string") return;
    setTyped({});
    set(read);
  };
  return (
    <form class="limits" onSubmit={submit} title={disabled}>
      {LABELS.map(([name, label, example]) => (
        <label key={name}>
          {label}
          <input
            type="text"
            name={name}
            size={7}
            inputMode={name === "concurrency" ? "numeric" : "text"}
            placeholder={example}
            disabled={disabled !== undefined}
            value={typed[name] ?? inForce[name]}
            onInput={event => setTyped({ ...typed, [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      <button type="submit" disabled={disabled !== undefined}>
        Apply
      </button>
      {fault !== undefined && (
        <p class="tone-bad" role="alert">
          {fault}
        </p>
      )}
    </form>
  );
}

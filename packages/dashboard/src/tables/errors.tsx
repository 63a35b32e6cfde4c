import type { ErrorRow } from "../protocol.ts";
import { count } from "../view/format.ts";
import { Panel } from "../view/panel.tsx";

interface ErrorsProps {
  readonly errors: readonly ErrorRow[];
  /** Shows the items that failed so. */
  readonly choose: (error: ErrorRow) => void;
  readonly open: (item: number) => void;
}

/** What items failed with, most frequent first, with some of them. */
export function Errors({ errors, choose, open }: ErrorsProps) {
  return (
    <Panel title="Errors">
      {errors.length === 0 && <p class="empty">None.</p>}
      <ul class="errors">
        {errors.map(error => (
          <li key={`${error.code} ${error.status}`}>
            <div class="row">
              <button type="button" class="link code" onClick={() => choose(error)}>
                {error.code}
                {error.status !== null && ` ${error.status}`}
              </button>
              <strong data-error={error.code}>{count(error.count)}</strong>
            </div>
            <p class="message">{error.message}</p>
            {error.samples.length > 0 && (
              <p class="more">
                such as{" "}
                {error.samples.map(sample => (
                  <button type="button" class="link" key={sample} onClick={() => open(sample)}>
                    item {sample}
                  </button>
                ))}
              </p>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

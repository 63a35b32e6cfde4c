import type { Snapshot } from "../protocol.ts";
import { count, share } from "../view/format.ts";
import { Panel } from "../view/panel.tsx";

interface StatusesProps {
  readonly statuses: Snapshot["statuses"];
  readonly choose: (status: number) => void;
}

/** Which statuses items ended with. */
export function Statuses({ statuses, choose }: StatusesProps) {
  const all = statuses.reduce((sum, { count: many }) => sum + many, 0);
  const most = Math.max(1, ...statuses.map(({ count: many }) => many));
  return (
    <Panel title="Status codes">
      {statuses.length === 0 && <p class="empty">No answer yet.</p>}
      <ul class="bars">
        {statuses.map(({ status, count: many, accepted }) => (
          <li key={status}>
            <button type="button" class="link" onClick={() => choose(status)}>
              {status}
            </button>
            <span class="track" aria-hidden="true">
              <span
                class={accepted ? "fill succeeded" : "fill failed"}
                style={{ width: `${(100 * many) / most}%` }}
              />
            </span>
            <span class="number" data-status={status}>
              {count(many)} <span class="more">{share(many, all)}</span>
            </span>
            <span class="more">{accepted ? "accepted" : "refused"}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

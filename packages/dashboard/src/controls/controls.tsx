import { useState } from "preact/hooks";
import type { ControlAction, ControlRequest, JobLimits, LimitChanges } from "../protocol.ts";
import { Dialog } from "../view/dialog.tsx";
import { LimitsForm } from "./limits-form.tsx";

interface ControlsProps {
  readonly allowed: readonly ControlAction[];
  readonly limits: JobLimits | null;
  readonly isLive: boolean;
  readonly send: (request: ControlRequest) => Promise<void>;
  /** What came of the last one. */
  readonly answer: { readonly message: string; readonly failed: boolean } | undefined;
}

const LABELS: readonly (readonly [ControlAction & ("pause" | "resume" | "retry-failed"), string])[] = [
  ["pause", "Pause"],
  ["resume", "Resume"],
  ["retry-failed", "Retry failed"],
];

/** What can be done with the job; what can't be done now is there, but does nothing, and says why. */
export function Controls({ allowed, limits, isLive, send, answer }: ControlsProps) {
  const [asks, setAsks] = useState(false);
  const why = isLive
    ? "Not possible in the state that the job is in."
    : "This job runs in no process that this page could control: it is read from its journal.";
  const props = (action: ControlAction) =>
    allowed.includes(action) ? {} : { "aria-disabled": true as const, title: why };
  const act = (request: ControlRequest) => () => {
    if (allowed.includes(request.action)) void send(request);
  };
  return (
    <section class="controls" aria-label="Controls">
      {LABELS.map(([action, label]) => (
        <button type="button" key={action} {...props(action)} onClick={act({ action })}>
          {label}
        </button>
      ))}
      <button
        type="button"
        class="danger"
        {...props("cancel")}
        onClick={() => allowed.includes("cancel") && setAsks(true)}
      >
        Cancel …
      </button>
      <LimitsForm
        limits={limits}
        disabled={allowed.includes("set") ? undefined : why}
        set={(changes: LimitChanges) => void send({ action: "set", ...changes })}
      />
      <p class={answer?.failed ? "answer tone-bad" : "answer"} role="status">
        {answer?.message ?? (isLive || allowed.length > 0 ? "" : why)}
      </p>
      {asks && <AskToCancel close={() => setAsks(false)} cancel={act({ action: "cancel" })} />}
    </section>
  );
}

function AskToCancel({ close, cancel }: { readonly close: () => void; readonly cancel: () => void }) {
  return (
    <Dialog title="Cancel the job?" close={close}>
      <p>
        Nothing more is sent; what is in flight ends first. Nothing that is done is lost: the same command
        goes on from there.
      </p>
      <div class="buttons">
        <button type="button" onClick={close}>
          Keep running
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            cancel();
            close();
          }}
        >
          Cancel the job
        </button>
      </div>
    </Dialog>
  );
}

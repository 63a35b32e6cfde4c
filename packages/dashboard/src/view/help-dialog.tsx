import { Dialog } from "./dialog.tsx";

const KEYS = [
  ["/", "search items"],
  ["f", "show those that failed"],
  ["p", "pause, or resume"],
  ["↑ ↓", "go through the list of items"],
  ["Esc", "close an item, or a dialog"],
  ["t", "change the theme"],
  ["?", "this help"],
];

export function HelpDialog({ close }: { readonly close: () => void }) {
  return (
    <Dialog title="Help" close={close}>
      <dl class="keys">
        {KEYS.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <p>
        Choose an origin to see its course alone; a status or an error to see its items. An attempt is one
        request; an item may take several. “Held back by” says why nothing more is sent to an origin: it asked
        to be left alone (cooling), it fails (circuit open), or its rate is reached.
      </p>
      <div class="buttons">
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface PanelProps {
  readonly title: string;
  /** Said beside the title, in small. */
  readonly note?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly wide?: boolean;
}

export function Panel({ title, note, children, wide = false }: PanelProps) {
  const heading = useId();
  return (
    <section class={wide ? "panel wide" : "panel"} aria-labelledby={heading}>
      <header>
        <h2 id={heading}>{title}</h2>
        {note !== undefined && <p class="note">{note}</p>}
      </header>
      {children}
    </section>
  );
}

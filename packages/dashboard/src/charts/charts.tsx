import type { Series } from "../protocol.ts";
import { bytes, count, duration, rate } from "../view/format.ts";
import { Panel } from "../view/panel.tsx";
import { Chart } from "./chart.tsx";

interface ChartsProps {
  readonly series: Series | undefined;
  readonly origin: string | undefined;
  readonly showAll: () => void;
  readonly themeVersion: number;
}

/** The course of the job, or of one origin. */
export function Charts({ series, origin, showAll, themeVersion }: ChartsProps) {
  const note =
    origin === undefined ? (
      "all origins together"
    ) : (
      <>
        of {origin}{" "}
        <button type="button" class="link" onClick={showAll}>
          show all
        </button>
      </>
    );
  return (
    <Panel title="Over time" note={note} wide>
      {series === undefined || series.at.length === 0 ? (
        <p class="empty">
          {series === undefined
            ? "Loading …"
            : "Nothing has ended yet: the course begins with the first answer."}
        </p>
      ) : (
        <div class="charts">
          <Lines series={series} themeVersion={themeVersion} />
        </div>
      )}
    </Panel>
  );
}

function Lines({ series, themeVersion }: { readonly series: Series; readonly themeVersion: number }) {
  const common = { at: series.at, themeVersion };
  const hasWaiting = series.waiting.some(value => value !== null);
  return (
    <>
      <Chart
        {...common}
        title={series.origin === null ? "Requests a second" : "Items a second"}
        format={rate}
        lines={[
          { name: "ended", colour: "accent", values: series.requestsPerSecond, fill: true },
          { name: "failed", colour: "bad", dash: [6, 3], values: series.failedPerSecond },
        ]}
      />
      <Chart
        {...common}
        title="Time of an attempt"
        format={duration}
        lines={[
          { name: "p50", colour: "accent", values: series.p50 },
          { name: "p95", colour: "warn", dash: [6, 3], values: series.p95 },
          { name: "p99", colour: "bad", dash: [2, 3], values: series.p99 },
        ]}
      />
      <Chart
        {...common}
        title="In flight"
        format={count}
        lines={[
          { name: "in flight", colour: "accent", values: series.inFlight, fill: true },
          { name: "limit", colour: "muted", dash: [6, 3], values: series.limit },
          ...(hasWaiting ? [{ name: "waiting", colour: "warn", dash: [2, 3], values: series.waiting }] : []),
        ]}
      />
      <Chart
        {...common}
        title="Received a second"
        format={bytes}
        lines={[{ name: "decoded", colour: "accent", values: series.bytesPerSecond, fill: true }]}
      />
    </>
  );
}

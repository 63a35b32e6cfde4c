import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { time, UNKNOWN } from "../view/format.ts";

/** A line of a chart: told apart by its dashes as well as by its colour. */
export interface Line {
  readonly name: string;
  /** Of styles.css, without its dashes. */
  readonly colour: string;
  readonly dash?: readonly number[];
  readonly values: readonly (number | null)[];
  readonly fill?: boolean;
}

interface ChartProps {
  readonly title: string;
  /** In milliseconds since the Unix epoch. */
  readonly at: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number | null) => string;
  /** Changes when colours do. */
  readonly themeVersion: number;
}

const HEIGHT = 180;
const colourOf = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);

function optionsOf({ lines, format }: ChartProps, width: number): uPlot.Options {
  const axis = {
    stroke: () => colourOf("muted"),
    grid: { stroke: () => colourOf("grid"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  return {
    width,
    height: HEIGHT,
    ms: 1,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false }, sync: { key: "skein" } },
    scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] } },
    axes: [
      { ...axis, space: 84, values: (_, splits) => clockTimes(splits) },
      { ...axis, size: 64, values: (_, splits) => splits.map(format) },
    ],
    series: [
      {},
      ...lines.map(line => ({
        label: line.name,
        stroke: () => colourOf(line.colour),
        width: 1.75,
        points: { show: false },
        ...(line.dash !== undefined && { dash: [...line.dash] }),
        ...(line.fill && { fill: () => `color-mix(in srgb, ${colourOf(line.colour)} 14%, transparent)` }),
      })),
    ],
  };
}

/** With the date where a day begins. */
function clockTimes(splits: readonly number[]): string[] {
  const isFine = splits.length > 1 && splits[1]! - splits[0]! < 1_000;
  return splits.map(at =>
    isFine ? `${time(at)}${(at % 1_000) / 1_000 || ""}`.replace("0.", ".") : time(at),
  );
}

const dataOf = ({ at, lines }: ChartProps): uPlot.AlignedData => [
  [...at],
  ...lines.map(({ values }) => [...values]),
];

/** A chart over the time of the job; its legend says the last values, or those under the pointer. */
export function Chart(props: ChartProps) {
  const { title, lines, format, themeVersion } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const names = lines.map(({ name }) => name).join();
  // Made anew for other lines or colours only; data comes below.
  useEffect(() => {
    const host = place.current!;
    const made = new uPlot(optionsOf(props, host.clientWidth), dataOf(props), host);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height: HEIGHT }));
    resized.observe(host);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [names, themeVersion]);
  useEffect(() => plot.current?.setData(dataOf(props)));
  const last = ({ values }: Line) => values.findLast(value => value !== null) ?? null;
  const described = lines.map(line => `${line.name} ${format(last(line))}`).join(", ");
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <ul class="legend">
          {lines.map(line => (
            <li key={line.name}>
              <svg class="stroke" width="22" height="8" aria-hidden="true">
                <line
                  x1="0"
                  y1="4"
                  x2="22"
                  y2="4"
                  stroke={`var(--${line.colour})`}
                  stroke-width="2"
                  stroke-dasharray={line.dash?.join(" ")}
                />
              </svg>
              {line.name} <strong>{format(last(line))}</strong>
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} role="img" aria-label={`${title}; at the end: ${described || UNKNOWN}`} />
    </figure>
  );
}

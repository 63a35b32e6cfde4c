import { useEffect, useState } from "preact/hooks";
import type { JobFacts, Series, Snapshot } from "../protocol.ts";
import type { DataSource } from "../source/data-source.ts";

const SERIES_EVERY_MS = 2_000;

export interface JobView {
  readonly facts: JobFacts | undefined;
  readonly snapshot: Snapshot | undefined;
  /** False once no figures come in any more. */
  readonly connected: boolean;
  /** Why nothing can be shown. */
  readonly failure: string | undefined;
}

export function useJob(source: DataSource): JobView {
  const [facts, setFacts] = useState<JobFacts>();
  const [snapshot, setSnapshot] = useState<Snapshot>();
  const [connected, setConnected] = useState(true);
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    source.job().then(setFacts, (error: Error) => setFailure(error.message));
    return source.watch(setSnapshot, setConnected);
  }, [source]);
  return { facts, snapshot, connected, failure };
}

/** The course of the job, or of one origin, fetched again while it goes on. */
export function useSeries(
  source: DataSource,
  { origin, goesOn }: { origin: string | undefined; goesOn: boolean },
): Series | undefined {
  const [series, setSeries] = useState<Series>();
  useEffect(() => {
    let wanted = true;
    const fetchSeries = () => {
      if (document.visibilityState === "hidden" && goesOn) return;
      // When the connection is lost, the page says so at its top; what there was stays.
      source.series(origin).then(
        found => wanted && setSeries(found),
        () => undefined,
      );
    };
    fetchSeries();
    const timer = goesOn ? setInterval(fetchSeries, SERIES_EVERY_MS) : undefined;
    return () => {
      wanted = false;
      clearInterval(timer);
    };
  }, [source, origin, goesOn]);
  return series?.origin === (origin ?? null) ? series : undefined;
}

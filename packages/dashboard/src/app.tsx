import { useCallback, useMemo, useRef, useState } from "preact/hooks";
import { Charts } from "./charts/charts.tsx";
import { Controls } from "./controls/controls.tsx";
import { Inspector } from "./items/inspector.tsx";
import { OpenItemsPanel } from "./items/open-items.tsx";
import type { ControlRequest, ErrorRow, ItemQuery, JobFacts, Snapshot } from "./protocol.ts";
import type { DataSource } from "./source/data-source.ts";
import { AllOrigins } from "./tables/all-origins.tsx";
import { Errors } from "./tables/errors.tsx";
import { SlowestOrigins } from "./tables/origins.tsx";
import { Statuses } from "./tables/statuses.tsx";
import { Header } from "./view/header.tsx";
import { HelpDialog } from "./view/help-dialog.tsx";
import { isOver } from "./view/is-over.ts";
import { useTheme } from "./view/theme.ts";
import { Tiles } from "./view/tiles.tsx";
import { useJob, useSeries } from "./view/use-job.ts";
import { useShortcuts } from "./view/use-shortcuts.ts";

/** The whole page. */
export function App({ source }: { readonly source: DataSource }) {
  const { facts, snapshot, connected, failure } = useJob(source);
  if (failure !== undefined)
    return (
      <main class="alone">
        <h1>Skein can't show this job</h1>
        <p role="alert">{failure}</p>
      </main>
    );
  if (facts === undefined || snapshot === undefined)
    return (
      <main class="alone">
        <h1>Skein</h1>
        <p role="status">{connected ? "Loading the job …" : "Connection lost. It is tried again."}</p>
      </main>
    );
  return <Dashboard source={source} facts={facts} snapshot={snapshot} connected={connected} />;
}

interface DashboardProps {
  readonly source: DataSource;
  readonly facts: JobFacts;
  readonly snapshot: Snapshot;
  readonly connected: boolean;
}

function Dashboard({ source, facts, snapshot, connected }: DashboardProps) {
  const { theme, next, version } = useTheme();
  const [helps, setHelps] = useState(false);
  const { send, answer } = useControl(source);
  const looks = useLooks();
  const isReport = source.kind === "report";
  const { show, setChosen, search } = looks;
  const toggle = snapshot.state === "paused" ? "resume" : "pause";
  const shortcuts = useMemo(
    () => ({
      "/": () => search.current?.focus(),
      "?": () => setHelps(true),
      t: next,
      f: () => show({ state: "failed" }),
      p: () => void (snapshot.controls.includes(toggle) && send({ action: toggle })),
      Escape: () => setChosen(undefined),
    }),
    [next, send, toggle, show, setChosen, search, snapshot.controls],
  );
  useShortcuts(shortcuts);
  return (
    <>
      <Header
        facts={facts}
        snapshot={snapshot}
        madeAt={source.report?.madeAt}
        theme={theme}
        nextTheme={next}
        help={() => setHelps(true)}
      />
      {!connected && (
        <p class="lost" role="alert">
          ⚠ Connection lost: these figures are old. It is tried again.
        </p>
      )}
      <main>
        {!isReport && (
          <Controls
            allowed={snapshot.controls}
            limits={snapshot.limits}
            isLive={facts.live}
            send={send}
            answer={answer}
          />
        )}
        <Panels
          source={source}
          isLive={facts.live}
          snapshot={snapshot}
          looks={looks}
          themeVersion={version}
        />
      </main>
      {helps && <HelpDialog close={() => setHelps(false)} />}
    </>
  );
}

interface PanelsProps {
  readonly source: DataSource;
  readonly isLive: boolean;
  readonly snapshot: Snapshot;
  readonly looks: ReturnType<typeof useLooks>;
  readonly themeVersion: number;
}

/** All that is shown of the job; what is chosen in one panel shows in the others. */
function Panels({ source, isLive, snapshot, looks, themeVersion }: PanelsProps) {
  const { query, setQuery, chosen, setChosen, show, open, search, inspector } = looks;
  const isReport = source.kind === "report";
  const origin = isReport ? undefined : query.origin;
  const goesOn = !isReport && !isOver(snapshot.state);
  const series = useSeries(source, { origin, goesOn });
  const chooseOrigin = (name: string) => setQuery({ origin: name });
  return (
    <>
      <Tiles snapshot={snapshot} isLive={isLive} />
      <Charts
        series={series}
        origin={origin}
        showAll={() => setQuery(({ origin: _, ...rest }) => rest)}
        themeVersion={themeVersion}
      />
      <AllOrigins source={source} snapshot={snapshot} isLive={isLive} choose={chooseOrigin} />
      <Statuses statuses={snapshot.statuses} choose={status => show({ status: String(status) })} />
      <Errors errors={snapshot.errors} choose={error => show(queryOf(error))} open={open} />
      <SlowestOrigins origins={snapshot.slowestOrigins} isLive={isLive} choose={chooseOrigin} />
      {isLive && goesOn && <OpenItemsPanel source={source} snapshot={snapshot} />}
      <div ref={inspector} class="wide">
        <Inspector
          source={source}
          query={query}
          setQuery={setQuery}
          chosen={chosen}
          choose={setChosen}
          search={search}
        />
      </div>
    </>
  );
}

/** What is looked at: which items, and which of them. */
function useLooks() {
  const [query, setQuery] = useState<ItemQuery>({});
  const [chosen, setChosen] = useState<number>();
  const search = useRef<HTMLInputElement>(null);
  const inspector = useRef<HTMLDivElement>(null);
  const show = useCallback((change: ItemQuery) => {
    setQuery(change);
    inspector.current?.scrollIntoView({ block: "start" });
  }, []);
  const open = useCallback((item: number) => {
    setChosen(item);
    inspector.current?.scrollIntoView({ block: "start" });
  }, []);
  return { query, setQuery, chosen, setChosen, show, open, search, inspector };
}

/** Sends what is to be done with the job, and keeps what came of it. */
function useControl(source: DataSource) {
  const [answer, setAnswer] = useState<{ message: string; failed: boolean }>();
  const send = useCallback(
    async (request: ControlRequest) => {
      try {
        const { message } = await source.control(request);
        setAnswer({ message, failed: false });
      } catch (error) {
        setAnswer({ message: (error as Error).message, failed: true });
      }
    },
    [source],
  );
  return { send, answer };
}

const queryOf = ({ code, status }: ErrorRow): ItemQuery =>
  status === null ? { code } : { code, status: String(status) };

import type { Snapshot } from "../protocol.ts";
import { bytes, count, duration, rate, share } from "./format.ts";

/** The figures that one looks at first. */
export function Tiles({ snapshot, isLive }: { readonly snapshot: Snapshot; readonly isLive: boolean }) {
  const { counts, latency, limits } = snapshot;
  const waiting = snapshot.waitingFor.map(({ why, count: many }) => `${count(many)} ${why}`).join(", ");
  const failed = counts.failed + counts.unknown;
  return (
    <dl class="tiles">
      {isLive && (
        <Tile
          name="Requests a second"
          value={rate(snapshot.requestsPerSecond)}
          more={`${count(snapshot.requests)} sent`}
        />
      )}
      {!isLive && <Tile name="Requests" value={count(snapshot.requests)} more="retries included" />}
      <Tile
        name="Half take less than"
        value={duration(latency?.p50 ?? null)}
        more={`p95 ${duration(latency?.p95 ?? null)} · p99 ${duration(latency?.p99 ?? null)}`}
      />
      {isLive && (
        <Tile
          name="In flight"
          value={count(counts.running)}
          more={
            limits === null ? "" : `of ${count(limits.concurrency)}, ${count(limits.perOrigin)} an origin`
          }
        />
      )}
      {isLive && (
        <Tile
          name="Waiting"
          value={count(counts.waiting)}
          more={waiting === "" ? `${count(counts.pending)} ready to go` : waiting}
        />
      )}
      <Tile name="Failed" value={count(failed)} more={`${share(failed, counts.done)} of what has ended`} />
      <Tile
        name="Received"
        value={bytes(snapshot.bytes)}
        more={isLive ? `${bytes(snapshot.bytesPerSecond)} a second` : "decoded"}
      />
    </dl>
  );
}

function Tile({
  name,
  value,
  more,
}: {
  readonly name: string;
  readonly value: string;
  readonly more: string;
}) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>
        <span class="figure">{value}</span>
        <span class="more">{more}</span>
      </dd>
    </div>
  );
}

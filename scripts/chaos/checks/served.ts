import type { Subject } from '../subject.ts';
import { must } from '../violation.ts';

/** What a download may cost the seeder in chunks, by its parts. */
export interface Bound {
  readonly chunks: number;
  readonly kills: number;
  /** Requests that are under way at once. */
  readonly in_flight: number;
  /** Chunks that come in a second. */
  readonly per_second: number;
}

export interface Served {
  /** Downloads that were counted. */
  downloads: number;
  chunks: number;
  kills: number;
  served: number;
  /** The download that came nearest to its bound. */
  worst: (Bound & { readonly served: number; readonly most: number }) | null;
}

/** Counted by the shards of a node since its start: served, or fetched and verified. */
export async function chunkCount(
  subject: Subject,
  metric: 'chunks_served' | 'chunks_fetched' | 'chunks_corrupt',
): Promise<number> {
  const { actors } = await subject.call('stats', {});
  const shards = actors.filter(({ name }) => name.startsWith('transport'));
  return shards.reduce((sum, { metrics }) => sum + (metrics[metric] ?? 0), 0);
}

export const mostOf = ({ chunks, kills, in_flight, per_second }: Bound): number =>
  chunks + kills * (in_flight + Math.ceil(per_second));

export function checkServed(bound: Bound, served: number, all: Served): void {
  const most = mostOf(bound);
  all.downloads++;
  all.chunks += bound.chunks;
  all.kills += bound.kills;
  all.served += served;
  const over = (one: { served: number; chunks: number; most: number }) =>
    (one.served - one.chunks) / (one.most - one.chunks || 1);
  if (all.worst === null || over({ ...bound, served, most }) > over(all.worst)) {
    all.worst = { ...bound, served, most };
  }
  must(
    served <= most,
    `${served} chunks were sent for a download of ${bound.chunks}; at most ${most} may be`,
  );
}

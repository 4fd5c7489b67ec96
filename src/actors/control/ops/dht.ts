import type { AskOperation } from '../operation.ts';
import { instant } from './instant.ts';
import { pageOf } from './page-of.ts';

export const dht: AskOperation<'dht'> = async (refs, body, signal) => {
  const [status, table] = await Promise.all([
    refs.dht.ask('status', null, { signal }),
    refs.dht.ask('table', null, { signal }),
  ]);
  const { perSecond, ...announce } = status.announce;
  const { rows, next } = pageOf(table, body);
  return {
    nodes: status.nodes,
    buckets: status.buckets,
    values: status.values,
    value_bytes: status.valueBytes,
    heads_checked: status.headsChecked,
    heads_unchecked: status.headsUnchecked,
    lookups: status.lookups,
    lookups_running: status.lookupsRunning,
    requests: status.requests,
    requests_failed: status.requestsFailed,
    stores_taken: status.storesTaken,
    stores_refused: status.storesRefused,
    published: status.published,
    replicas: status.replicas,
    announce: {
      ...announce,
      next: instant(announce.next),
      per_second: Math.round(perSecond * 100) / 100,
    },
    table: rows.map(({ nodeId, nodeKey, ...row }) => ({
      ...row,
      node_id: nodeId,
      node_key: nodeKey,
      seen: instant(row.seen),
    })),
    next,
  };
};

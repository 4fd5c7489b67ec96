import type { AskOperation } from '../operation.ts';
import { instant } from './instant.ts';
import { pageOf } from './page-of.ts';

export const dht: AskOperation<'dht'> = async (refs, body, signal) => {
  const [status, table] = await Promise.all([
    refs.dht.ask('status', null, { signal }),
    refs.dht.ask('table', null, { signal }),
  ]);
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
      state: status.announce.state,
      items: status.announce.items,
      announced: status.announce.announced,
      due: status.announce.due,
      backlog: status.announce.backlog,
      unreached: status.announce.unreached,
      next: status.announce.next === null ? null : instant(status.announce.next),
      per_second: Math.round(status.announce.perSecond * 100) / 100,
      stores: status.announce.stores,
      lookups: status.announce.lookups,
    },
    table: rows.map((row) => ({
      node_id: row.nodeId,
      node_key: row.nodeKey,
      address: row.address,
      native: row.native,
      dialect: row.dialect,
      bucket: row.bucket,
      seen: instant(row.seen),
      failures: row.failures,
    })),
    next,
  };
};

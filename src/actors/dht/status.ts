import { toHex } from '../../protocol/crypto/bytes.ts';
import type { Announcer } from './announce/announcer.ts';
import type { DhtContext } from './context.ts';
import type { DhtNode, DhtStatus, DhtTableRow } from './contract.ts';
import type { Candidate } from './lookup.ts';
import type { Lookups } from './lookups.ts';
import type { Publisher } from './publisher.ts';
import type { RoutingTable } from './routing-table.ts';
import type { ValueStore } from './value-store.ts';

interface Parts {
  readonly table: RoutingTable;
  readonly values: ValueStore;
  readonly lookups: Lookups;
  readonly publisher: Publisher;
  readonly announcer: Announcer;
}

export function statusOf({ metrics }: DhtContext, parts: Parts): DhtStatus {
  const { table, values, lookups, publisher, announcer } = parts;
  const { checked, unchecked } = values.heads;
  return {
    nodes: table.size,
    buckets: table.buckets.length,
    values: values.count,
    valueBytes: values.bytes,
    headsChecked: checked,
    headsUnchecked: unchecked,
    lookups: lookups.count,
    lookupsRunning: lookups.running,
    requests: metrics.get('requests'),
    requestsFailed: metrics.get('requests_failed'),
    storesTaken: metrics.get('stores_taken'),
    storesRefused: metrics.get('stores_refused'),
    ...publisher.counts,
    announce: announcer.status,
  };
}

/** The table, nodes that have least in common with this one first. `now`: monotonic; `wall`: both milliseconds. */
export function tableRows(table: RoutingTable, now: number, wall: number): DhtTableRow[] {
  return [...table.entries()].map(({ contact, native, dialect, seenAt, failures, bucket }) => ({
    nodeKey: contact.nodeKey,
    nodeId: toHex(contact.id),
    address: contact.address,
    native,
    dialect,
    bucket,
    seen: Math.floor((wall - (now - seenAt)) / 1000),
    failures,
  }));
}

/** A node that answered a lookup. Of one that is not in the table it is not known what it is. */
export function nodeOf(table: RoutingTable, { nodeKey, id, address }: Candidate): DhtNode {
  const entry = id === null ? null : table.get(id);
  return {
    nodeKey: nodeKey ?? '',
    nodeId: id === null ? '' : toHex(id),
    address,
    native: entry?.native ?? false,
    dialect: entry?.dialect ?? '',
  };
}

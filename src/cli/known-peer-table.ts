import type { KnownPeerRow } from '../control-link/results.ts';
import { shortId } from './short-id.ts';
import { table } from './table.ts';

export const knownPeerTable = (peers: readonly KnownPeerRow[]): string =>
  table(
    [
      { title: 'ADDRESS', value: (row) => row.address },
      { title: 'KEY', value: (row) => (row.node_key === null ? '' : shortId(row.node_key)) },
      { title: 'STATE', value: (row) => row.state },
      { title: 'KIND', value: (row) => (row.native === null ? '' : row.native ? 'granary' : 'scp2p') },
      { title: 'DIALECT', value: (row) => row.dialect ?? '' },
      {
        title: 'SCORE',
        align: 'right',
        value: (row) => (row.state === 'hearsay' ? '' : row.score.toFixed(1)),
      },
      { title: 'FAILED', align: 'right', value: (row) => String(row.failures) },
      { title: 'LAST SEEN', value: (row) => row.last_seen ?? 'never' },
      { title: 'FROM', value: (row) => (row.source.length === 64 ? shortId(row.source) : row.source) },
    ],
    peers,
  );

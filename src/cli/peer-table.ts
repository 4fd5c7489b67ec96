import type { PeerRow } from '../control-link/results.ts';
import { shortId } from './short-id.ts';
import { table } from './table.ts';
import { bytesText, rateText } from './units.ts';

export const peerTable = (peers: readonly PeerRow[]): string =>
  table(
    [
      { title: 'NODE', value: (row) => shortId(row.node_id) },
      { title: 'ADDRESS', value: (row) => row.address },
      { title: 'OVER', value: (row) => row.transport },
      { title: 'WAY', value: (row) => row.direction },
      { title: 'KIND', value: (row) => (row.native ? 'granary' : 'scp2p') },
      { title: 'BOUND', value: (row) => row.bound },
      { title: 'UP', align: 'right', value: (row) => bytesText(row.bytes_up) },
      { title: 'DOWN', align: 'right', value: (row) => bytesText(row.bytes_down) },
      { title: 'RATE UP', align: 'right', value: (row) => rateText(row.rate_up) },
      { title: 'RATE DOWN', align: 'right', value: (row) => rateText(row.rate_down) },
    ],
    peers,
  );

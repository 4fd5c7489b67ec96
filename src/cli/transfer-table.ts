import type { TransferEntry } from '../control-link/results.ts';
import { table } from './table.ts';
import { bytesText, rateText, secondsText } from './units.ts';

/** Transfers as `queue` shows them. */
export function transferTable(transfers: readonly TransferEntry[]): string {
  return table(
    [
      { title: 'ID', value: (row) => row.id },
      { title: 'STATE', value: (row) => row.state },
      { title: 'DONE', align: 'right', value: doneText },
      {
        title: 'SIZE',
        align: 'right',
        value: (row) => (row.bytes_total > 0 ? bytesText(row.bytes_total) : ''),
      },
      { title: 'RATE', align: 'right', value: (row) => (row.state === 'active' ? rateText(row.rate) : '') },
      { title: 'LEFT', align: 'right', value: (row) => (row.eta ? secondsText(row.eta) : '') },
      { title: 'PEERS', align: 'right', value: (row) => (row.state === 'active' ? String(row.peers) : '') },
      { title: 'PLACE', value: (row) => row.path },
      { title: 'ERROR', value: (row) => row.error?.message ?? '' },
    ],
    transfers,
  );
}

function doneText({ state, bytes, bytes_total: total }: TransferEntry): string {
  if (state === 'done') return '100 %';
  return total > 0 ? `${Math.floor((100 * bytes) / total)} %` : '';
}

import type { RecheckResult, WrongEntry } from '../actors/transfer/contract.ts';
import { printable } from './printable.ts';
import { table } from './table.ts';
import { bytesText, countOf, countText, secondsText } from './units.ts';

/** Files shown to a person; `--json` lists more. */
const SHOWN = 20;

export function recheckText(result: RecheckResult): string {
  const { items, bytes, seconds, bad_total, repaired } = result;
  const read = `${countOf(items, 'file')}, ${bytesText(bytes)} read in ${secondsText(seconds)}`;
  if (bad_total === 0) {
    const unknown = result.files.length;
    return unknown === 0 ? `${read}: all as it should be.` : `${read}: nothing wrong in what could be read.`;
  }
  const mended = repaired > 0 ? `, ${countText(repaired)} of them repaired` : '';
  return `${read}: ${countOf(bad_total, 'chunk')} not as they should be${mended}.`;
}

export function wrongTable(files: readonly WrongEntry[]): string[] {
  if (files.length === 0) return [];
  const more = files.length - SHOWN;
  return [
    table(
      [
        { title: 'STATE', value: (file) => (file.repaired ? 'repaired' : file.state) },
        { title: 'KIND', value: (file) => (file.own ? 'own' : file.adopted ? 'adopted' : 'download') },
        { title: 'CHUNKS', align: 'right', value: (file) => countText(file.bad_chunks) },
        { title: 'SIZE', align: 'right', value: (file) => bytesText(file.size) },
        { title: 'PATH', value: (file) => file.path },
        { title: 'WHY', value: (file) => printable(file.reason ?? '') },
      ],
      files.slice(0, SHOWN),
    ),
    ...(more > 0 ? [`  and ${countText(more)} more`] : []),
  ];
}

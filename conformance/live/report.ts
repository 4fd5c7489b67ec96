import type { CellResult, Group, Outcome } from './cell.ts';
import { REFERENCES } from './reference-build.ts';

const WORDS: Readonly<Record<Outcome, string>> = {
  ok: 'ok',
  failed: 'failed',
  cannot: 'the reference cannot',
  'not-yet': 'not yet in this build',
};

const COLUMNS = ([1, 2] as const).flatMap((dialect) =>
  (['tcp', 'quic'] as const).map((transport) => ({ dialect, transport })),
);

/** `190 ok, 2 failed, ...` */
export function countsText(results: readonly CellResult[]): string {
  const counts = (Object.keys(WORDS) as Outcome[]).map((outcome) => {
    const count = results.filter((result) => result.outcome === outcome).length;
    return `${count} ${WORDS[outcome]}`;
  });
  return `${results.length} cells: ${counts.join(', ')}`;
}

/** The page docs/interop.md of one whole run. */
export function report(groups: readonly Group[], results: readonly CellResult[], machine: string): string {
  const notes = new Notes();
  const tables = groups.map((group) => tableOf(group, results, notes));
  return [
    '# Interoperation with the reference',
    '',
    'Made by `npm run interop -- --write`: real Granary nodes and live nodes of the reference over loopback, a test a cell.',
    'A cell says how it went and how many seconds it took; a number in brackets leads to the remarks at the end.',
    '',
    `* Dialect 1: reference ${REFERENCES[1].version}. Dialect 2: reference ${REFERENCES[2].version}.`,
    `* ${machine}. Times are those of a busy machine, hints and no more.`,
    `* ${countsText(results)}.`,
    '',
    ...tables,
    '## Remarks',
    '',
    ...notes.lines(),
    '',
  ].join('\n');
}

function tableOf(group: Group, results: readonly CellResult[], notes: Notes): string {
  const own = results.filter((result) => result.group === group.name);
  const names = [...new Set(own.map(({ name }) => name))];
  const rows = names.map((name) => {
    const cells = COLUMNS.map(({ dialect, transport }) => {
      const result = own.find(
        (each) => each.name === name && each.dialect === dialect && each.transport === transport,
      );
      return result ? cellText(result, notes) : '';
    });
    return `| ${escaped(name)} | ${cells.join(' | ')} |`;
  });
  return [
    `## ${group.name}`,
    '',
    group.about,
    '',
    `| | ${COLUMNS.map(({ dialect, transport }) => `${transport.toUpperCase()}, dialect ${dialect}`).join(' | ')} |`,
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function cellText({ outcome, note, seconds }: CellResult, notes: Notes): string {
  const time = outcome === 'ok' || outcome === 'failed' ? ` ${secondsText(seconds)}` : '';
  return `${WORDS[outcome]}${time}${note === null ? '' : ` [${notes.number(note)}]`}`;
}

const secondsText = (seconds: number): string =>
  `${seconds < 9.95 ? seconds.toFixed(2) : seconds.toFixed(0)} s`;

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** Remarks by number; the same words are one remark. */
class Notes {
  readonly #all: string[] = [];

  number(text: string): number {
    const at = this.#all.indexOf(text);
    return at >= 0 ? at + 1 : this.#all.push(text);
  }

  lines(): string[] {
    return this.#all.map((text, index) => `${index + 1}. ${escaped(text)}`);
  }
}

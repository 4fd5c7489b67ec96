import { Option } from 'commander';
import type { SearchHit } from '../../actors/search/contract.ts';
import type { Trust } from '../../actors/share-types.ts';
import { collect, numberIn } from '../arguments.ts';
import { type Register, withNode } from '../context.ts';
import { printable } from '../printable.ts';
import { shortId } from '../short-id.ts';
import { table } from '../table.ts';
import { bytesText } from '../units.ts';

interface Options {
  readonly share?: string[];
  readonly trust?: Trust[];
  readonly limit: number;
  readonly page: number;
  readonly cursor?: string;
  readonly asTyped?: boolean;
}

export const search: Register = (program, cli) => {
  program
    .command('search')
    .description('find files in the subscribed catalogs')
    .argument('<words...>')
    .option('--share <id>', 'in this share alone; may be repeated', collect)
    .addOption(new Option('--trust <levels...>', 'levels shown').choices(['trusted', 'normal', 'untrusted']))
    .option('--limit <n>', 'rows a page', numberIn(1, 200), 20)
    .option('--page <n>', 'which page, from 1', numberIn(1, 10_000), 1)
    .option('--cursor <text>', 'where the page before ended, as it said; instead of --page')
    .option('--as-typed', 'no corrections of words that are nowhere')
    .addHelpText('after', '\nExample:\n  $ granary search blue train --limit 5\n')
    .action((words: string[], options: Options) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const body = {
            query: words.join(' '),
            shares: options.share ?? [],
            ...(options.trust && { trust: options.trust }),
            limit: options.limit,
            offset: (options.page - 1) * options.limit,
            cursor: options.cursor ?? null,
            as_typed: options.asTyped ?? false,
          };
          const result = await client.call('search', body, { signal });
          output.result(result, () => {
            if (result.hits.length === 0) return 'Nothing found.';
            const rows = table(
              [
                { title: 'NAME', value: (row) => row.name },
                { title: 'SIZE', align: 'right', value: (row) => bytesText(row.size) },
                { title: 'SCORE', align: 'right', value: (row) => row.score.toFixed(2) },
                { title: 'SHARE', value: (row) => shortId(row.share_id) },
                { title: 'CONTENT', value: (row) => row.content_id },
              ],
              result.hits,
            );
            const more = result.next === null ? '' : `; more with --page ${options.page + 1}`;
            return `${correctedLine(result.hits)}${rows}\n${result.took_ms.toFixed(1)} ms${more}`;
          });
        }),
      ),
    );
};

/** Which words were taken for typing errors, if the hits come by such. */
function correctedLine(hits: readonly SearchHit[]): string {
  const corrected = hits.find((hit) => hit.corrected.length > 0)?.corrected ?? [];
  if (corrected.length === 0) return '';
  const words = corrected.map(({ typed, meant }) => `${printable(typed)} as ${printable(meant)}`).join(', ');
  return `Few or none as typed; reading ${words}:\n`;
}

import { numberIn } from '../arguments.ts';
import { type Register, withNode } from '../context.ts';
import { shortId } from '../short-id.ts';
import { table } from '../table.ts';
import { bytesText } from '../units.ts';

interface Options {
  readonly cursor: number;
  readonly limit: number;
}

export const items: Register = (program, cli) => {
  program
    .command('items')
    .description('the files of a share')
    .argument('<share>', 'its id, the beginning of it, or the name of an own share')
    .option('--cursor <n>', 'where the page before ended', numberIn(0, Number.MAX_SAFE_INTEGER), 0)
    .option('--limit <n>', 'rows a page', numberIn(1, 1000), 1000)
    .addHelpText('after', '\nExample:\n  $ granary items 3f9a41c2\n')
    .action((share: string, options: Options) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('items', { share, ...options }, { signal });
          output.result(result, () => {
            const rows = table(
              [
                { title: 'PATH', value: (row) => row.path },
                { title: 'SIZE', align: 'right', value: (row) => bytesText(row.size) },
                { title: 'STATE', value: (row) => row.state },
                { title: 'CONTENT', value: (row) => shortId(row.content_id) },
              ],
              result.items,
            );
            return result.next === null ? rows : `${rows}\nmore with --cursor ${result.next}`;
          });
        }),
      ),
    );
};

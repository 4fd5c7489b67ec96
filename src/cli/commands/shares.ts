import { type Register, withNode } from '../context.ts';
import { moreText, type PageOptions, paged } from '../page-options.ts';
import { shortId } from '../short-id.ts';
import { table } from '../table.ts';
import { bytesText, countText } from '../units.ts';

export const shares: Register = (program, cli) => {
  paged(program.command('shares'))
    .description('own and subscribed shares')
    .addHelpText('after', '\nExample:\n  $ granary shares --json\n')
    .action((page: PageOptions) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('shares', page, { signal });
          output.result(result, () => {
            if (result.shares.length === 0) return 'No shares yet: granary publish PATH';
            const rows = table(
              [
                { title: 'SHARE', value: (row) => shortId(row.share_id) },
                { title: 'KIND', value: (row) => (row.own ? 'own' : 'subscribed') },
                { title: 'NAME', value: (row) => row.name ?? row.title ?? '' },
                {
                  title: 'STATE',
                  value: (row) => (row.watch ? `${row.state ?? ''}, watched` : (row.state ?? '')),
                },
                {
                  title: 'VISIBLE',
                  value: (row) => (row.public === null ? '' : row.public ? 'public' : 'private'),
                },
                { title: 'REVISION', align: 'right', value: (row) => String(row.seq ?? '-') },
                { title: 'FILES', align: 'right', value: (row) => countText(row.items) },
                { title: 'SIZE', align: 'right', value: (row) => bytesText(row.bytes) },
              ],
              result.shares,
            );
            const links = result.shares.filter((row) => row.link !== null);
            return (
              [rows, ...links.map((row) => `${shortId(row.share_id)}  ${row.link}`)].join('\n') +
              moreText(result)
            );
          });
        }),
      ),
    );
};

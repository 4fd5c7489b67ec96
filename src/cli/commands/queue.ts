import { type Register, withNode } from '../context.ts';
import { moreText, type PageOptions, paged } from '../page-options.ts';
import { transferTable } from '../transfer-table.ts';

export const queue: Register = (program, cli) => {
  paged(program.command('queue'))
    .description('downloads: under way, waiting, paused, done and failed')
    .addHelpText('after', '\nExample:\n  $ granary queue\n')
    .action((page: PageOptions) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('queue', page, { signal });
          output.result(result, () =>
            result.transfers.length === 0
              ? 'No downloads: granary get TARGET'
              : transferTable(result.transfers) + moreText(result),
          );
        }),
      ),
    );
};

import { type Register, withNode } from '../context.ts';
import { transferTable } from '../transfer-table.ts';

export const queue: Register = (program, cli) => {
  program
    .command('queue')
    .description('downloads: under way, waiting, paused, done and failed')
    .addHelpText('after', '\nExample:\n  $ granary queue\n')
    .action(() =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('queue', {}, { signal });
          output.result(result, () =>
            result.transfers.length === 0
              ? 'No downloads: granary get TARGET'
              : transferTable(result.transfers),
          );
        }),
      ),
    );
};

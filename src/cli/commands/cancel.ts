import { failure } from '../../errors.ts';
import { type Register, withNode } from '../context.ts';
import { countOf } from '../units.ts';

export const cancel: Register = (program, cli) => {
  program
    .command('cancel')
    .description('take downloads out of the queue: unfinished files are removed, finished ones stay')
    .argument('[ids...]', 'as granary queue shows them')
    .option('--all', 'every one of them')
    .addHelpText('after', '\nExample:\n  $ granary cancel 3f9a41c2\n')
    .action((ids: string[], { all }: { all?: true }) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          // What is removed should have been named.
          if (ids.length > 0 === (all ?? false)) {
            throw failure('E_USAGE', 'name the downloads to cancel, or --all', {
              next: 'granary queue lists them',
            });
          }
          const result = await client.call('cancel_transfers', { ids: all ? null : ids }, { signal });
          output.result(result, () => `${countOf(result.transfers.length, 'download')} cancelled.`);
        }),
      ),
    );
};

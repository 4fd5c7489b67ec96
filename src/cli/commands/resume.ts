import { numberIn } from '../arguments.ts';
import { type Register, withNode } from '../context.ts';
import { transferTable } from '../transfer-table.ts';

export const resume: Register = (program, cli) => {
  program
    .command('resume')
    .description('go on with paused downloads, try failed ones again at once')
    .argument('[ids...]', 'as granary queue shows them; without any: all')
    .option('--priority <n>', 'downloads with a higher one come first', numberIn(-1000, 1000))
    .addHelpText('after', '\nExample:\n  $ granary resume 3f9a41c2 --priority 10\n')
    .action((ids: string[], { priority }: { priority?: number }) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const body = { ids: ids.length > 0 ? ids : null, ...(priority !== undefined && { priority }) };
          const result = await client.call('resume', body, { signal });
          output.result(result, () =>
            result.transfers.length === 0 ? 'No downloads.' : transferTable(result.transfers),
          );
        }),
      ),
    );
};

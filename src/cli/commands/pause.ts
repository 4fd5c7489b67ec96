import { type Register, withNode } from '../context.ts';
import { transferTable } from '../transfer-table.ts';

export const pause: Register = (program, cli) => {
  program
    .command('pause')
    .description('stop downloads for now; what came of them stays')
    .argument('[ids...]', 'as granary queue shows them; without any: all')
    .addHelpText('after', '\nExample:\n  $ granary pause 3f9a41c2\n')
    .action((ids: string[]) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('pause', { ids: ids.length > 0 ? ids : null }, { signal });
          output.result(result, () =>
            result.transfers.length === 0 ? 'No downloads.' : transferTable(result.transfers),
          );
        }),
      ),
    );
};

import { type Register, withNode } from '../../context.ts';
import { seedTable } from '../../seed-table.ts';

export const remove: Register = (seeds, cli) => {
  seeds
    .command('remove')
    .description('take one off the bootstrap list, now and for the next starts')
    .argument('<address>', 'tcp://HOST:PORT as granary seeds shows it; its key may be left out')
    .addHelpText('after', '\nExample:\n  $ granary seeds remove tcp://seed.example.org:7001\n')
    .action((address: string) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('remove_seed', { address }, { signal });
          output.result(result, () => seedTable(result.seeds));
        }),
      ),
    );
};

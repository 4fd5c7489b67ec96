import { type Register, withNode } from '../../context.ts';
import { seedTable } from '../../seed-table.ts';

export const add: Register = (seeds, cli) => {
  seeds
    .command('add')
    .description('add one to the bootstrap list, now and for the next starts; it is dialled at once')
    .argument('<address>', 'tcp://HOST:PORT or tcp://HOST:PORT@NODE_KEY')
    .addHelpText('after', '\nExample:\n  $ granary seeds add tcp://seed.example.org:7001\n')
    .action((address: string) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('add_seed', { address }, { signal });
          output.result(result, () => seedTable(result.seeds));
        }),
      ),
    );
};

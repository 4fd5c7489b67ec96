import { type Register, withNode } from '../../context.ts';
import { seedTable } from '../../seed-table.ts';
import { add } from './add.ts';
import { remove } from './remove.ts';

export const seeds: Register = (program, cli) => {
  const command = program
    .command('seeds')
    .description('the bootstrap list: where this node finds the network')
    .addHelpText(
      'after',
      '\nExample:\n  $ granary seeds\n  $ granary seeds add tcp://seed.example.org:7001\n',
    );
  command
    .command('list', { isDefault: true })
    .description('every entry with its last answer and what is wrong with it')
    .addHelpText('after', '\nExample:\n  $ granary seeds list --json\n')
    .action(() =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('seeds', {}, { signal });
          output.result(result, () => seedTable(result.seeds));
        }),
      ),
    );
  add(command, cli);
  remove(command, cli);
};

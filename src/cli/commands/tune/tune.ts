import { type Register, withNode } from '../../context.ts';
import { tuneTable } from '../../tune-table.ts';
import { set } from './set.ts';

export const tune: Register = (program, cli) => {
  const command = program
    .command('tune')
    .description('threads and queues of the running node')
    .addHelpText('after', '\nExample:\n  $ granary tune\n  $ granary tune set shards=2 hashing=2\n');
  command
    .command('show', { isDefault: true })
    .description('what is wanted, and what runs')
    .addHelpText('after', '\nExample:\n  $ granary tune show\n')
    .action(() =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('tuning', {}, { signal });
          output.result(result, () => tuneTable(result.settings));
        }),
      ),
    );
  set(command, cli);
};

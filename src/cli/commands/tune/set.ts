import { failure } from '../../../errors.ts';
import { assignmentsOf } from '../../assignments.ts';
import { type Register, withNode } from '../../context.ts';
import { tuneTable } from '../../tune-table.ts';

export const set: Register = (tune, cli) => {
  tune
    .command('set')
    .description('change threads and queues of the running node, at once and for its next starts')
    .argument(
      '<assignments...>',
      'shards=2, hashing=2, in_flight=16, upload_slots=8, disk_queue=8, max_active=4',
    )
    .option('--no-save', 'until the node stops')
    .addHelpText('after', '\nExample:\n  $ granary tune set shards=2 hashing=2\n')
    .action((assignments: string[], options: { save: boolean }) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const body = { values: numbersOf(assignments), save: options.save };
          const result = await client.call('tune', body, { signal });
          output.result(result, () => tuneTable(result.settings));
        }),
      ),
    );
};

function numbersOf(assignments: readonly string[]): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [name, text] of Object.entries(assignmentsOf(assignments))) {
    if (!/^\d{1,9}$/.test(text.trim())) {
      throw failure('E_USAGE', 'write a whole number', { subject: `${name}=${text}` });
    }
    numbers[name] = Number(text);
  }
  return numbers;
}

import { type Register, withNode } from '../context.ts';
import { facts } from '../table.ts';

export const id: Register = (program, cli) => {
  program
    .command('id')
    .description('who this node is, and where it can be reached')
    .addHelpText('after', '\nExample:\n  $ granary id\n')
    .action(() =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('id', {}, { signal });
          output.result(result, () =>
            facts([
              ['node', result.node_id],
              ['key', result.node_key],
              ...result.addresses.map((address) => ['address', `${address}@${result.node_key}`] as const),
            ]),
          );
        }),
      ),
    );
};

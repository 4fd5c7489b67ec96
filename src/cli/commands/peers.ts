import { type Register, withNode } from '../context.ts';
import { peerTable } from '../peer-table.ts';

export const peers: Register = (program, cli) => {
  program
    .command('peers')
    .description('who is connected')
    .addHelpText('after', '\nExample:\n  $ granary peers\n')
    .action(() =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('peers', {}, { signal });
          output.result(result, () => (result.peers.length === 0 ? 'Nobody.' : peerTable(result.peers)));
        }),
      ),
    );
};

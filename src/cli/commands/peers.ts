import { type Register, withNode } from '../context.ts';
import { moreText, type PageOptions, paged } from '../page-options.ts';
import { peerTable } from '../peer-table.ts';

export const peers: Register = (program, cli) => {
  paged(program.command('peers'))
    .description('who is connected')
    .addHelpText('after', '\nExample:\n  $ granary peers\n')
    .action((page: PageOptions) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('peers', page, { signal });
          output.result(result, () =>
            result.peers.length === 0 ? 'Nobody.' : peerTable(result.peers) + moreText(result),
          );
        }),
      ),
    );
};

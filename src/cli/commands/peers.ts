import { type Register, withNode } from '../context.ts';
import { knownPeerTable } from '../known-peer-table.ts';
import { moreText, type PageOptions, paged } from '../page-options.ts';
import { peerTable } from '../peer-table.ts';

export const peers: Register = (program, cli) => {
  paged(program.command('peers'))
    .description('who is connected')
    .option('--known', 'whom this node knows of: peers that answered it, the best first, then hearsay')
    .addHelpText('after', '\nExample:\n  $ granary peers\n  $ granary peers --known\n')
    .action(({ known = false, ...page }: PageOptions & { known?: boolean }) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          if (known) {
            const result = await client.call('known_peers', page, { signal });
            output.result(result, () =>
              result.peers.length === 0 ? 'Nobody yet.' : knownPeerTable(result.peers) + moreText(result),
            );
          } else {
            const result = await client.call('peers', page, { signal });
            output.result(result, () =>
              result.peers.length === 0 ? 'Nobody.' : peerTable(result.peers) + moreText(result),
            );
          }
        }),
      ),
    );
};

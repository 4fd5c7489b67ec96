import type { BanRow } from '../../control-link/results.ts';
import { type Register, withNode } from '../context.ts';
import { table } from '../table.ts';

export const ban: Register = (program, cli) => {
  program
    .command('ban')
    .description('have nothing to do with a node, an address or a network; without one: who is banned')
    .argument('[target]', 'node key, IP address, tcp://IP:PORT (the whole address), or ADDRESS/BITS')
    .option('--remove', 'lift the ban')
    .addHelpText('after', '\nExample:\n  $ granary ban 192.0.2.0/24\n  $ granary ban 192.0.2.0/24 --remove\n')
    .action((target: string | undefined, { remove = false }: { remove?: boolean }) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          if (target === undefined) {
            const result = await client.call('bans', {}, { signal });
            output.result(result, () => banTable(result.bans));
          } else {
            const result = await client.call('ban', { target, remove }, { signal });
            output.result(result, () => banTable(result.bans));
          }
        }),
      ),
    );
};

const banTable = (bans: readonly BanRow[]): string =>
  bans.length === 0
    ? 'Nobody is banned.'
    : table(
        [
          { title: 'BANNED', value: (row) => row.target },
          { title: 'KIND', value: (row) => (row.kind === 'key' ? 'node' : 'network') },
          { title: 'SINCE', value: (row) => row.since },
        ],
        bans,
      );

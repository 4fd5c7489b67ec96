import { resolve } from 'node:path';
import type { Register } from '../context.ts';
import { addSettingFlags, settingsOfFlags } from '../setting-flags.ts';
import { onStoreAlone } from '../store-access.ts';
import { facts } from '../table.ts';
import { countOf } from '../units.ts';

export const restore: Register = (program, cli) => {
  const command = program
    .command('restore')
    .description('fill an empty data folder from a backup; the node must not run')
    .argument('<file>', 'what granary backup, or the node by itself, has made')
    .addHelpText('after', '\nExample:\n  $ granary restore granary-backup.db --home ~/granary-again\n');
  addSettingFlags(command).action((file: string) =>
    cli.run(async (context) => {
      const change = { flags: settingsOfFlags(command), restore: resolve(file) };
      const result = await onStoreAlone(context, change, async (store) => ({
        home: context.home,
        node_key: (await store.ask('identity', null)).nodeKey,
        shares: (await store.ask('ownShares', null)).length,
        subscriptions: (await store.ask('subscriptions', null)).length,
      }));
      context.output.result(result, () =>
        [
          `Restored: ${countOf(result.shares, 'share')} and ${countOf(result.subscriptions, 'subscription')}.`,
          facts([
            ['home', result.home],
            ['node key', result.node_key],
          ]),
          'Never run two nodes on one key: the old data folder must stay out of use.',
        ].join('\n'),
      );
      return undefined;
    }),
  );
};

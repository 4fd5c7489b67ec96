import { Option } from 'commander';
import type { Trust } from '../../actors/share-types.ts';
import { numberIn } from '../arguments.ts';
import { type Register, withNode } from '../context.ts';
import { printable } from '../printable.ts';
import { countOf } from '../units.ts';

export const subscribe: Register = (program, cli) => {
  program
    .command('subscribe')
    .description('follow the share of a link')
    .argument('<link>', 'scp2p://s/...')
    .addOption(
      new Option('--trust <level>', 'how far its names are believed in searches')
        .choices(['trusted', 'normal', 'untrusted'])
        .default('normal'),
    )
    .option('--weight <n>', 'its weight in searches', numberIn(0, 1000, { whole: false }), 1)
    .addHelpText('after', '\nExample:\n  $ granary subscribe scp2p://s/... --trust trusted\n')
    .action((link: string, options: { trust: Trust; weight: number }) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('subscribe', { link, ...options }, { signal });
          output.result(result, () =>
            [
              `Subscribed to ${printable(result.title ?? 'a share')}  ${result.share_id}`,
              result.error === null
                ? `  ${countOf(result.items, 'file')}, revision ${result.seq}`
                : `  no catalog yet: ${printable(result.error.message)} (${result.error.code}); the node goes on trying`,
            ].join('\n'),
          );
        }),
      ),
    );
};

import type { ShareSync } from '../../actors/sync/contract.ts';
import { type Register, withNode } from '../context.ts';
import { shortId } from '../short-id.ts';
import { table } from '../table.ts';
import { countText } from '../units.ts';

export const sync: Register = (program, cli) => {
  program
    .command('sync')
    .description('look for newer revisions of subscribed shares now')
    .argument('[share]', 'this one alone')
    .addHelpText('after', '\nExample:\n  $ granary sync\n')
    .action((share: string | undefined) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('sync', { share: share ?? null }, { signal });
          output.result(result, () =>
            result.shares.length === 0
              ? 'No subscriptions to sync.'
              : table(
                  [
                    { title: 'SHARE', value: (row) => shortId(row.share_id) },
                    { title: 'REVISION', value: revisions },
                    { title: 'FILES', align: 'right', value: (row) => countText(row.items) },
                    { title: 'SOURCE', value: (row) => row.source ?? '' },
                    { title: 'ERROR', value: (row) => row.error?.message ?? '' },
                  ],
                  result.shares,
                ),
          );
        }),
      ),
    );
};

function revisions({ seq_before: before, seq_after: after }: ShareSync): string {
  return before === after ? `${after ?? '-'}` : `${before ?? '-'} -> ${after ?? '-'}`;
}

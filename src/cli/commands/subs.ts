import type { SubscriptionRow } from '../../control-link/results.ts';
import { type Register, withNode } from '../context.ts';
import { moreText, type PageOptions, paged } from '../page-options.ts';
import { shortId } from '../short-id.ts';
import { table } from '../table.ts';
import { bytesText, countText } from '../units.ts';

export const subs: Register = (program, cli) => {
  paged(program.command('subs'))
    .description('the shares this node follows')
    .addHelpText('after', '\nExample:\n  $ granary subs\n')
    .action((page: PageOptions) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('subs', page, { signal });
          output.result(result, () =>
            result.subscriptions.length === 0
              ? 'No subscriptions yet: granary subscribe LINK'
              : table(
                  [
                    { title: 'SHARE', value: (row) => shortId(row.share_id) },
                    { title: 'TITLE', value: (row) => row.title ?? '' },
                    { title: 'REVISION', align: 'right', value: (row) => String(row.seq ?? '-') },
                    { title: 'FILES', align: 'right', value: (row) => countText(row.items) },
                    { title: 'SIZE', align: 'right', value: (row) => bytesText(row.bytes) },
                    { title: 'TRUST', value: (row) => row.trust },
                    { title: 'LAST SYNC', value: (row) => row.last_sync ?? 'never' },
                    { title: 'ERROR', value: (row) => row.last_error?.message ?? disagreementText(row) },
                  ],
                  result.subscriptions,
                ) + moreText(result),
          );
        }),
      ),
    );
};

function disagreementText({ disagreement }: SubscriptionRow): string {
  if (disagreement === null) return '';
  const { kind, seq, peers } = disagreement;
  return kind === 'fork'
    ? `two different lists signed as revision ${seq}: the publisher's key is in use in two places`
    : `${peers.length} of the peers still offer revision ${seq}`;
}

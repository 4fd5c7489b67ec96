import { numberIn } from '../arguments.ts';
import { type Register, withNode } from '../context.ts';
import { printable } from '../printable.ts';
import { shortId } from '../short-id.ts';

interface Options {
  readonly since?: string;
  readonly limit: number;
}

export const changes: Register = (program, cli) => {
  program
    .command('changes')
    .description('what changed in the lists of shares and files since a revision of them')
    .option('--since <revision>', 'as an earlier answer, or a list, said it; without: the revision it is now')
    .option('--limit <n>', 'changes at most', numberIn(1, 1000), 1000)
    .addHelpText('after', '\nExample:\n  $ granary changes --since 5f0c21b3a8d4.118 --json\n')
    .action(({ since, limit }: Options) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('changes', { since: since ?? null, limit }, { signal });
          output.result(result, () => {
            const lines = [
              ...result.shares.map((row) => `share  ${shortId(row.share_id)}`),
              ...result.shares_gone.map((id) => `share  ${shortId(id)}  gone`),
              ...result.relist.map((id) => `files  ${shortId(id)}  many: list them anew`),
              ...result.items.map((row) => `file   ${shortId(row.share_id)}  ${printable(row.path)}`),
              ...result.items_gone.map(
                (row) => `file   ${shortId(row.share_id)}  ${printable(row.path)}  gone`,
              ),
            ];
            const reset =
              since !== undefined && result.reset ? ['that revision is not known: list anew'] : [];
            const more = result.more ? ', and more behind it' : '';
            return [...reset, ...lines, `now at ${result.revision}${more}`].join('\n');
          });
        }),
      ),
    );
};

import { resolve } from 'node:path';
import { collect } from '../arguments.ts';
import { type Register, withNode } from '../context.ts';
import { printable } from '../printable.ts';
import { ProgressView } from '../progress.ts';
import { facts } from '../table.ts';
import { bytesText, countOf, countText, secondsText } from '../units.ts';

interface Options {
  readonly title?: string;
  readonly public?: true;
  readonly private?: true;
  readonly share?: string;
  /** `false`: take them away. */
  readonly tag?: string[] | false;
  readonly watch?: boolean;
}

/** Skipped files shown to a person; `--json` lists them all. */
const SKIPPED_SHOWN = 20;

export const publish: Register = (program, cli) => {
  program
    .command('publish')
    .description('make or update a signed share of files and folders; prints its link')
    .argument('[paths...]', 'files and folders; none: those the share was published from')
    .option('--title <text>', 'what subscribers see; kept until another is given')
    .option('--public', 'list the share to everybody who asks this node; kept until --private')
    .option('--private', 'tell only those of the share who have its link (as a new share is)')
    .option('--share <name>', 'the share to update (default: named by the first path)')
    .option(
      '--tag <tag>',
      'a tag on every file, found by searches; may be repeated; kept until others are given',
      collect,
    )
    .option('--no-tag', 'take the tags away')
    .option('--watch', 'publish by itself from here on when files change, also after a restart of the node')
    .option('--no-watch', 'stop that')
    .addHelpText('after', '\nExample:\n  $ granary publish ~/music --title "My records"\n')
    .action((paths: string[], options: Options) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const progress = new ProgressView(output);
          const body = {
            paths: paths.map((path) => resolve(path)),
            title: options.title ?? null,
            public: options.private ? false : (options.public ?? null),
            tags: options.tag === false ? [] : (options.tag ?? null),
            share: options.share ?? null,
            watch: options.watch ?? null,
          };
          const result = await client
            .call('publish', body, { signal, onEvent: progress.show })
            .finally(() => progress.done());
          output.result(result, () => {
            const skipped = result.skipped.slice(0, SKIPPED_SHOWN);
            const more = result.skipped.length - skipped.length;
            return [
              `Published ${countOf(result.items, 'file')}, ${bytesText(result.bytes)}, in ${secondsText(result.seconds)} (${bytesText(result.hashed_bytes)} hashed).`,
              facts([
                ['share', result.share_id],
                ['revision', String(result.seq)],
                ...(result.volumes > 0
                  ? [
                      [
                        'volumes',
                        `${countText(result.volumes)}, ${countText(result.revisions)} of the lists new`,
                      ] as const,
                    ]
                  : []),
                [
                  'visible',
                  result.public ? 'public: listed to everybody' : 'private: to those with the link',
                ],
                ...(result.watch ? [['watched', 'published by itself when files change'] as const] : []),
                ['link', result.link],
              ]),
              ...result.offline.map(
                (path) => `  offline  ${printable(path)}: not there, its files stay in the share`,
              ),
              ...result.limited
                .slice(0, SKIPPED_SHOWN)
                .map(({ path, reason }) => `  limited  ${printable(path)}: ${reason}`),
              ...skipped.map(({ path, reason }) => `  skipped  ${printable(path)}: ${printable(reason)}`),
              ...(more > 0 ? [`  and ${more} more skipped`] : []),
            ].join('\n');
          });
        }),
      ),
    );
};

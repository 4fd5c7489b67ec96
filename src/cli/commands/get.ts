import { resolve } from 'node:path';
import type { DownloadResult } from '../../actors/transfer/contract.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { collect, numberIn } from '../arguments.ts';
import { type Register, withNode } from '../context.ts';
import { printable } from '../printable.ts';
import { ProgressView } from '../progress.ts';
import { bytesText, countOf, rateText, secondsText } from '../units.ts';

interface GetOptions {
  readonly output?: string;
  readonly only?: string[];
  readonly adopt?: string;
  readonly category?: string;
  readonly detach?: true;
  readonly sequential?: true;
  readonly priority?: number;
}

export const get: Register = (program, cli) => {
  program
    .command('get')
    .description(
      'download a file, a folder or a whole share, verified; the same command goes on after any end',
    )
    .argument('<target>', 'a content id, a share, or SHARE/PATH')
    .option(
      '-o, --output <dir>',
      'the folder the files go to (default: that of --category or --adopt, else this one)',
    )
    .option('--only <glob>', 'only files whose path or name matches (repeatable): *.flac, live/**', collect)
    .option('--adopt <dir>', 'serve what lies there already with the right content, fetch the rest')
    .option('--category <name>', 'one of downloads.categories in the settings')
    .option('--sequential', 'from the first byte on, for whoever reads while it comes')
    .option('--wait', 'wait for the end, which is what get does anyway')
    .option('--detach', 'leave it to the node and return at once; granary queue shows it')
    .option('--priority <n>', 'downloads with a higher one come first', numberIn(-1000, 1000))
    .addHelpText('after', '\nExample:\n  $ granary get 3f9a41c2/albums/blue-train -o ~/downloads\n')
    .action((target: string, options: GetOptions) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const { detach } = options;
          const body = bodyOf(target, options);
          if (detach) {
            const result = await client.call('add', body, { signal });
            const [transfer] = result.transfers;
            return output.result(result, () => `${transfer?.id}: in the queue (granary queue).`);
          }
          const progress = new ProgressView(output);
          const result = await client
            .call('get', body, { signal, onEvent: progress.show })
            .catch((error: unknown) => {
              throw signal.aborted ? paused(error) : error;
            })
            .finally(() => progress.done());
          output.result(result, () => resultText(result));
        }),
      ),
    );
};

function bodyOf(target: string, options: GetOptions) {
  const { output, only, priority, category, sequential } = options;
  const adopt = options.adopt === undefined ? undefined : resolve(options.adopt);
  const directory =
    output === undefined ? (adopt ?? (category === undefined ? resolve('.') : undefined)) : resolve(output);
  return {
    target,
    ...(directory !== undefined && { directory }),
    ...(priority !== undefined && { priority }),
    ...(only !== undefined && { only }),
    ...(sequential && { sequential }),
    ...(adopt !== undefined && { adopt }),
    ...(category !== undefined && { category }),
  };
}

function resultText(result: DownloadResult): string {
  const [only] = result.files;
  const what =
    result.files.length === 1 && only ? printable(only.path) : countOf(result.files.length, 'file');
  return `${what}: ${bytesText(result.bytes)} in ${secondsText(result.seconds)}, ${rateText(result.rate)}, every byte verified.`;
}

/** Whoever stops waiting should know that nothing is lost. */
function paused(error: unknown): unknown {
  if (!(error instanceof ActorError) || error.code !== 'E_ABORTED') return error;
  return new ActorError('E_ABORTED', 'the download is paused, what came of it is kept', {
    next: 'run the command again to go on, or see granary queue: resume goes on, cancel removes it',
  });
}

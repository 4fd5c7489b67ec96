import { resolve } from 'node:path';
import { type Register, withNode } from '../context.ts';
import { printable } from '../printable.ts';
import { ProgressView } from '../progress.ts';
import { bytesText, countOf, rateText, secondsText } from '../units.ts';

export const get: Register = (program, cli) => {
  program
    .command('get')
    .description('download a file, a folder or a whole share, verified')
    .argument('<target>', 'a content id, a share, or SHARE/PATH')
    .option('-o, --output <dir>', 'the folder the files go to', '.')
    .option('--wait', 'wait for the end, which is what get does anyway')
    .addHelpText('after', '\nExample:\n  $ granary get 3f9a41c2/albums/blue-train -o ~/downloads\n')
    .action((target: string, options: { output: string }) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const progress = new ProgressView(output);
          const directory = resolve(options.output);
          const result = await client
            .call('get', { target, directory }, { signal, onEvent: progress.show })
            .finally(() => progress.done());
          output.result(result, () => {
            const [only] = result.files;
            const what =
              result.files.length === 1 && only ? printable(only.path) : countOf(result.files.length, 'file');
            return `${what}: ${bytesText(result.bytes)} in ${secondsText(result.seconds)}, ${rateText(result.rate)}, every byte verified.`;
          });
        }),
      ),
    );
};

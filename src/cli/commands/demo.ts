import { numberIn } from '../arguments.ts';
import type { Register } from '../context.ts';
import { secondsText } from '../units.ts';

interface Options {
  readonly files: number;
  readonly size: number;
  readonly keep?: true;
}

/** More than one list carries is a collection: nothing is wrong with it, and it takes longer than anybody watches. */
const MAX_FILES = 2_980;
/** A whole download of more takes longer than anybody watches. */
const MAX_SIZE = 7 * 2 ** 30;

export const demo: Register = (program, cli) => {
  program
    .command('demo')
    .description('two real nodes on this machine: publish, subscribe, search, download, compare')
    .option('--files <n>', 'real files to publish, at most', numberIn(0, MAX_FILES), 2_500)
    .option('--size <bytes>', 'of the large file', numberIn(1, MAX_SIZE), 600_000_000)
    .option('--keep', 'leave the folders where they are')
    .addHelpText('after', '\nExample:\n  $ granary demo --files 500 --size 100000000\n')
    .action((options: Options) =>
      cli.run(async ({ output, interrupts }) => {
        // The second Ctrl-C does not wait for folders to be removed; the nodes got it from the terminal, too.
        interrupts.second.addEventListener('abort', () => process.exit(130), { once: true });
        output.say('Two nodes on this machine, one folder, every byte checked.\n');
        const { runDemo } = await import('../demo/run-demo.ts');
        const { files, size, keep } = options;
        const result = await runDemo(output, { files, size, keep: keep ?? false }, interrupts.first);
        output.result(result, () =>
          [
            `\n${output.colors.green('It holds.')} All of it took ${secondsText(result.seconds)}.`,
            ...(result.kept === null ? [] : [`The folders are in ${result.kept}`]),
          ].join('\n'),
        );
        return undefined;
      }),
    );
};

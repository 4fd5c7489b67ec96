import { type Register, withNode } from '../context.ts';
import { printable } from '../printable.ts';
import { countOf } from '../units.ts';

interface Options {
  readonly forgetKey?: true;
}

export const unshare: Register = (program, cli) => {
  program
    .command('unshare')
    .description('stop serving and listing a share; the files stay where they are')
    .argument('<share>', 'its id, the beginning of it, or its name')
    .option('--forget-key', 'remove its key too: nobody can ever publish under its link again')
    .addHelpText('after', '\nExample:\n  $ granary unshare music\n')
    .action((share: string, options: Options) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const body = { share, forget_key: options.forgetKey ?? false };
          const result = await client.call('unshare', body, { signal });
          output.result(result, () =>
            [
              `${printable(result.name)} is not shared any more (${countOf(result.items, 'file')}).`,
              'Whoever downloaded or subscribed keeps what he has, and may pass it on.',
              result.key === 'kept'
                ? `Its key is kept: granary publish PATH --share ${printable(result.name)} brings the same link back.`
                : 'Its key is gone from this node, though not from older backups: its link is dead.',
            ].join('\n'),
          );
        }),
      ),
    );
};

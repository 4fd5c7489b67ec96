import { type Register, withNode } from '../../context.ts';
import { limitsText } from '../../limits-text.ts';
import { set } from './set.ts';

export const limits: Register = (program, cli) => {
  const command = program
    .command('limits')
    .description('bandwidth caps, hours and quotas: what is in force, and why')
    .addHelpText(
      'after',
      '\nExample:\n  $ granary limits\n  $ granary limits set up=20MB/s down=off share:music.up=1MB/s\n',
    );
  command
    .command('show', { isDefault: true })
    .description('what is in force, and why')
    .addHelpText('after', '\nExample:\n  $ granary limits show\n')
    .action(() =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('limits', {}, { signal });
          output.result(result, () => limitsText(result));
        }),
      ),
    );
  set(command, cli);
};

import { type Register, withNode } from '../context.ts';

export const unsubscribe: Register = (program, cli) => {
  program
    .command('unsubscribe')
    .description('follow a share no more')
    .argument('<share>', 'its id, or the beginning of it')
    .addHelpText('after', '\nExample:\n  $ granary unsubscribe 3f9a41c2\n')
    .action((share: string) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('unsubscribe', { share }, { signal });
          output.result(result, () => `Unsubscribed from ${result.share_id}`);
        }),
      ),
    );
};

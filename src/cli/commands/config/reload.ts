import { reloadText } from '../../config-text.ts';
import { type Register, withNode } from '../../context.ts';

export const reload: Register = (config, cli) => {
  config
    .command('reload')
    .description('have the running node read its configuration again, as SIGHUP does')
    .addHelpText('after', '\nExample:\n  $ granary config reload\n')
    .action(() =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('reload', {}, { signal });
          output.result(result, () => reloadText(result));
        }),
      ),
    );
};

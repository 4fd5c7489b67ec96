import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { awaitStop } from '../await-stop.ts';
import { type Register, withNode } from '../context.ts';
import { secondsText } from '../units.ts';

export const stop: Register = (program, cli) => {
  program
    .command('stop')
    .description('stop the node in order, and say how it went')
    .addHelpText('after', '\nExample:\n  $ granary stop\n')
    .action(() =>
      cli.run(
        withNode(async (client, { output, home }, signal) => {
          try {
            await client.call('stop', {}, { signal });
          } catch (error) {
            // It may be gone before its answer is read; how it went is in the file below.
            if (!(error instanceof ActorError && error.code === 'E_ACTOR_DOWN')) throw error;
          }
          const result = await awaitStop(home, client, signal);
          output.result(result, () =>
            result.clean
              ? `Stopped in ${secondsText(result.seconds)}.`
              : `Stopped in ${secondsText(result.seconds)}; these had to be cut: ${result.cut.join(', ')}.`,
          );
        }),
      ),
    );
};

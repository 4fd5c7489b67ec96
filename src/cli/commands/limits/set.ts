import { assignmentsOf } from '../../assignments.ts';
import { type Register, withNode } from '../../context.ts';
import { limitsText } from '../../limits-text.ts';

export const set: Register = (limits, cli) => {
  limits
    .command('set')
    .description('change caps, hours and quotas of the running node, at once and for its next starts')
    .argument(
      '<assignments...>',
      'up=20MB/s, down=off, share:ID.up=1MB/s, peer:KEY.down=100KiB/s, quota:day.up=50GB, quota:month.down=2TB, schedule="mon-fri 08:00-18:00 up=1MB/s down=off; ..."',
    )
    .option('--no-save', 'until the node stops')
    .addHelpText(
      'after',
      '\nExample:\n  $ granary limits set up=20MB/s quota:month.up=5TB "schedule=mon-fri 08:00-18:00 up=2MB/s"\n',
    )
    .action((assignments: string[], options: { save: boolean }) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const body = { values: assignmentsOf(assignments), save: options.save };
          const result = await client.call('set_limits', body, { signal });
          output.result(result, () => limitsText(result));
        }),
      ),
    );
};

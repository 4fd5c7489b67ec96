import type { InviteResult } from '../../control-link/results.ts';
import { type Register, withNode } from '../context.ts';
import { printable } from '../printable.ts';

export const invite: Register = (program, cli) => {
  program
    .command('invite')
    .description('links and addresses for others, to find this node and its shares')
    .argument('[share]', 'id, beginning of it, or name, own or subscribed; without it: all own public ones')
    .addHelpText('after', '\nExample:\n  $ granary invite music\n')
    .action((share: string | undefined) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('invite', { share: share ?? null }, { signal });
          output.result(result, () => text(result));
        }),
      ),
    );
};

function text({ links, addresses, bootstrap, reach }: InviteResult): string {
  const shares = links.flatMap(({ title, share_id: id, link }) => [printable(title ?? id), `  ${link}`]);
  const places = [...addresses, ...bootstrap];
  const node =
    places.length === 0 ? [] : ['To join by this node:', ...places.map((each) => `  --bootstrap ${each}`)];
  const note = NOTES[reach];
  return [
    ...shares,
    ...(shares.length > 0 && node.length > 0 ? [''] : []),
    ...node,
    ...(note ? ['', note] : []),
  ].join('\n');
}

const NOTES: Readonly<Record<InviteResult['reach'], string | null>> = {
  public: null,
  private: 'Only nodes of your own network reach these addresses: --advertise names the one that others see.',
  loopback: 'Only this host reaches these addresses: --listen tcp://0.0.0.0:7001 opens a door.',
  none: 'This node listens nowhere: nobody can reach it.',
};

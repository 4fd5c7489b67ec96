import { type Register, withNode } from '../context.ts';
import { peerTable } from '../peer-table.ts';

export const connect: Register = (program, cli) => {
  program
    .command('connect')
    .description('open a session to a node')
    .argument('<address>', 'tcp://IP:PORT or quic://IP:PORT, with @NODE_KEY to accept that node alone')
    .addHelpText('after', '\nExample:\n  $ granary connect tcp://192.0.2.7:7001\n')
    .action((address: string) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('connect', { address }, { signal });
          output.result(result, () => peerTable(result.peers));
        }),
      ),
    );
};

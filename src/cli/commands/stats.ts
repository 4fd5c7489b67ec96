import type { StatsResult } from '../../control-link/results.ts';
import { type Register, withNode } from '../context.ts';
import { facts, table } from '../table.ts';
import { treeLines } from '../tree-lines.ts';
import { bytesText, rateText, secondsText } from '../units.ts';

export const stats: Register = (program, cli) => {
  program
    .command('stats')
    .description('what the node does and how it feels')
    .option('--tree', 'the actors in their tree of supervisors')
    .addHelpText('after', '\nExample:\n  $ granary stats --tree\n')
    .action((options: { tree?: boolean }) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('stats', {}, { signal });
          output.result(result, () =>
            options.tree ? treeLines(result.tree) : `${summary(result)}\n\n${actors(result)}`,
          );
        }),
      ),
    );
};

function summary({
  node,
  bytes,
  rates,
  sessions,
  transports,
  quic,
  memory,
  cpu,
  uptime,
}: StatsResult): string {
  return facts([
    ['node', `${node.node_id}, granary ${node.version}, pid ${node.pid}`],
    ['up for', `${secondsText(uptime)}, CPU ${secondsText(cpu.user + cpu.system)}`],
    ['memory', `${bytesText(memory.rss)}, of it JavaScript ${bytesText(memory.heap)}`],
    ['sessions', `${sessions}: ${transports.tcp} over TCP, ${transports.quic} over QUIC`],
    ['quic', quicText(quic)],
    ['sent', `${bytesText(bytes.up)}, now ${rateText(rates.up)}`],
    ['received', `${bytesText(bytes.down)}, now ${rateText(rates.down)}`],
    ['disk', `${bytesText(bytes.disk_read)} read, ${bytesText(bytes.disk_written)} written`],
  ]);
}

function quicText(quic: StatsResult['quic']): string {
  if (quic === null) return 'is being restarted';
  const { state, reason, engine, pid, rss, restarts } = quic;
  if (state !== 'up') return reason === null ? state : `${state}: ${reason}`;
  const again = restarts === 0 ? '' : `, restarted ${restarts} times`;
  return `${engine}, pid ${pid}, ${bytesText(rss)}${again}`;
}

const actors = (result: StatsResult): string =>
  table(
    [
      { title: 'ACTOR', value: (row) => row.name },
      { title: 'STATE', value: (row) => row.state },
      { title: 'THREAD', align: 'right', value: (row) => String(row.thread ?? '-') },
      { title: 'BUSY', align: 'right', value: (row) => `${(row.utilisation * 100).toFixed(0)} %` },
      { title: 'MAILBOX', align: 'right', value: (row) => String(row.mailbox) },
      { title: 'MEMORY', align: 'right', value: (row) => bytesText(row.memory) },
      { title: 'RESTARTS', align: 'right', value: (row) => String(row.restarts) },
    ],
    result.actors,
  );

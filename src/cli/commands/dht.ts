import type { AnnounceResult, DhtResult } from '../../control-link/results.ts';
import { type Register, withNode } from '../context.ts';
import { moreText, type PageOptions, paged } from '../page-options.ts';
import { shortId } from '../short-id.ts';
import { facts, table } from '../table.ts';
import { bytesText } from '../units.ts';

export const dht: Register = (program, cli) => {
  paged(program.command('dht'))
    .description('what the node knows of the network: its routing table, the values it keeps, its lookups')
    .addHelpText('after', '\nExample:\n  $ granary dht\n')
    .action((page: PageOptions) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const result = await client.call('dht', page, { signal });
          output.result(result, () => `${summary(result)}${nodes(result)}${moreText(result)}`);
        }),
      ),
    );
};

const summary = (result: DhtResult): string =>
  facts([
    ['nodes', `${result.nodes} in ${result.buckets} buckets`],
    ['values', `${result.values} kept for others, ${bytesText(result.value_bytes)}`],
    ['share heads', `${result.heads_checked} checked, ${result.heads_unchecked} not`],
    ['lookups', `${result.lookups}, ${result.lookups_running} now`],
    ['requests', `${result.requests}, ${result.requests_failed} failed`],
    ['offered', `${result.stores_taken} values taken, ${result.stores_refused} refused`],
    ['published', `${result.published} own shares, with ${result.replicas} nodes in all`],
    ['announced', announceText(result.announce)],
  ]);

const STATES: Readonly<Record<Exclude<AnnounceResult['state'], 'on'>, string>> = {
  off: 'nothing: turned off (dht.announce, dht.publish)',
  unreachable: 'nothing: this node has no address to tell (network.listen, network.advertise)',
  alone: 'nothing: no node is known',
  starting: 'what there is to tell is being looked through',
};

function announceText(announce: AnnounceResult): string {
  const { state, items, announced, due, backlog, unreached, next, per_second: rate } = announce;
  if (state !== 'on') return STATES[state];
  const parts = [`${announced} of ${items} files`, `${due} due, ${backlog} late`, `${rate} values a second`];
  if (unreached > 0) parts.push(`${unreached} beyond what receivers and rate have room for`);
  if (due === 0 && next !== null) parts.push(`next at ${next}`);
  return parts.join('; ');
}

const nodes = ({ table: rows }: DhtResult): string =>
  rows.length === 0
    ? ''
    : `\n\n${table(
        [
          { title: 'BUCKET', align: 'right', value: (row) => String(row.bucket) },
          { title: 'NODE', value: (row) => shortId(row.node_id) },
          { title: 'ADDRESS', value: (row) => row.address },
          { title: 'KIND', value: (row) => (row.native ? 'granary' : `scp2p ${row.dialect}`) },
          { title: 'SEEN', value: (row) => row.seen },
          { title: 'FAILURES', align: 'right', value: (row) => String(row.failures) },
        ],
        rows,
      )}`;

import { parseArgs } from 'node:util';
import { type SoakReading, soakAccepts } from '../test/threads/accept-soak.ts';

// Connections that are accepted, moved to a shard and reset, with shards that die meanwhile: `npm run soak:accepts --
// --cycles 50000`. Loopback only. Exit code 1 when descriptors or threads are left over.
const { values } = parseArgs({
  options: { cycles: { type: 'string', default: '50000' }, deaths: { type: 'string', default: '10' } },
});

const row = (cells: readonly (string | number)[]) =>
  console.log(cells.map((cell) => String(cell).padStart(11)).join(' '));
const began = performance.now();
row(['seconds', 'cycles', 'accepted', 'refused', 'deaths', 'descriptors', 'threads', 'rss MiB']);
const onReading = ({ cycles, accepted, refused, deaths, descriptors, threads, rss }: SoakReading) =>
  row([
    ((performance.now() - began) / 1000).toFixed(1),
    cycles,
    accepted,
    refused,
    deaths,
    descriptors,
    threads,
    (rss / 2 ** 20).toFixed(0),
  ]);

const readings = await soakAccepts({
  cycles: Number(values.cycles),
  deaths: Number(values.deaths),
  readings: 10,
  onReading,
});
const first = readings[0]!;
const last = readings.at(-1)!;
const flat = last.descriptors <= first.descriptors && last.threads <= first.threads;
if (flat) console.log('flat');
else {
  const kinds = Object.entries(last.open).filter(([kind, count]) => count > (first.open[kind] ?? 0));
  const more = kinds.map(([kind, count]) => `${count - (first.open[kind] ?? 0)} ${kind}`);
  console.log(`left over: ${[...more, `${last.threads - first.threads} threads`].join(', ')}`);
}
process.exit(flat ? 0 : 1);

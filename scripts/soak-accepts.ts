import { parseArgs } from 'node:util';
import { leftOver, type SoakReading, soakAccepts } from '../test/threads/accept-soak.ts';

// Connections that are accepted, moved to a shard and reset, with shards that die meanwhile: `npm run soak:accepts --
// --cycles 50000`. Loopback only. Exit code 1 when descriptors, threads or
// live memory are left over; the resident size is shown beside it, and says how much garbage nobody collected yet.
const { values } = parseArgs({
  options: { cycles: { type: 'string', default: '50000' }, deaths: { type: 'string', default: '10' } },
});

const row = (cells: readonly (string | number)[]) =>
  console.log(cells.map((cell) => String(cell).padStart(11)).join(' '));
const began = performance.now();
row(['seconds', 'cycles', 'accepted', 'refused', 'deaths', 'descriptors', 'threads', 'rss MiB', 'live MiB']);
const onReading = ({ cycles, accepted, refused, deaths, descriptors, threads, rss, live }: SoakReading) =>
  row([
    ((performance.now() - began) / 1000).toFixed(1),
    cycles,
    accepted,
    refused,
    deaths,
    descriptors,
    threads,
    (rss / 2 ** 20).toFixed(0),
    (live / 2 ** 20).toFixed(0),
  ]);

const readings = await soakAccepts({
  cycles: Number(values.cycles),
  deaths: Number(values.deaths),
  readings: 10,
  onReading,
});
const left = leftOver(readings);
console.log(left.length === 0 ? 'flat' : `left over: ${left.join(', ')}`);
process.exit(left.length === 0 ? 0 : 1);

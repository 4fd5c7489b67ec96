import type { Bench } from './bench.ts';
import { BATCH } from './messages/body.ts';
import { type HandOver, handOvers } from './messages/hand-over.ts';
import { actorWay, comlinkWay, piscinaWay, rawWay, type Way } from './messages/ways.ts';
import { figuresText, medians, round } from './statistics.ts';

/** One-way messages a run; a twentieth of it as lone round trips. */
const DEFAULT_SIZE = 200_000;

/**
 * Tells, asks and streams between two threads, beside the bare MessagePort, comlink and piscina in the same run. Size:
 * messages. And 256 KiB handed to the other thread and back: in a slot of the slab, beside a transferred and a cloned
 * buffer. Where a machine is shared, the CPU time a message tells more than the rate.
 */
const messages: Bench = {
  name: 'messages',
  async run({ size = DEFAULT_SIZE, repeat = 5, log }) {
    const actor = await actorWay();
    const ways = [actor, await rawWay(), await comlinkWay(), await piscinaWay()].filter(
      (way) => way !== null,
    );
    const hands = await handOvers();
    const runs: Record<string, number | string>[] = [];
    let told = 0;
    let handed = 0;
    for (let run = 0; run < repeat; run++) {
      const figures: Record<string, number> = {};
      for (const way of ways) Object.assign(figures, await measure(way, size));
      Object.assign(figures, await loneAsks(ways, Math.max(100, Math.floor(size / 40))));
      told += size;
      const trips = Math.ceil(size / 40 / LONE_TURN) * LONE_TURN;
      Object.assign(figures, await handedOver(hands, trips));
      handed += trips;
      runs.push(figures);
      log(`run ${run + 1}: ${figuresText(figures)}`);
    }
    const noted = await actor.noted();
    const changes = await Promise.all(hands.map((way) => way.changes()));
    for (const way of [...ways, ...hands]) await way.close();
    const median = medians(runs);
    return {
      runs,
      median,
      beside: besides(median),
      checks: [
        { name: 'every tell arrived', ok: noted === told },
        { name: 'both sides changed what was handed over', ok: changes.every((n) => n === 2 * handed) },
      ],
    };
  },
};
export default messages;

async function measure(way: Way, size: number): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  if (way.tells) {
    const cpu = process.cpuUsage();
    figures[`${way.name}_tells_per_second`] = await perSecond(size, () => way.tells!(size));
    const { user, system } = process.cpuUsage(cpu);
    figures[`${way.name}_tell_cpu_ns`] = ((user + system) * 1_000) / size;
  }
  const trips = Math.floor(size / 8 / BATCH) * BATCH;
  figures[`${way.name}_asks_per_second`] = await perSecond(trips, async () => {
    for (let n = 0; n < trips; n += BATCH) await way.trips(n);
  });
  if (way.items)
    figures[`${way.name}_items_per_second`] = await perSecond(size / 4, () => way.items!(size / 4));
  return figures;
}

/** Ours beside each other way: rates as ours by theirs, and so with the times of lone asks. */
function besides(median: Readonly<Record<string, number>>) {
  return Object.entries(median).flatMap(([name, value]) => {
    const [way, ...rest] = name.split('_');
    const ours = median[['actor', ...rest].join('_')];
    if (way === 'actor' || ours === undefined) return [];
    return [{ name: `${way}: ${rest.join(' ')}`, value, ratio: round(ours / value) }];
  });
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return (count / (performance.now() - from)) * 1000;
}

/** Trips in a row of one way before the next has its turn. */
const LONE_TURN = 50;

/** The median time of one ask with nothing else under way. The ways take turns, so that what else the machine does meets all. */
async function loneAsks(ways: readonly Way[], count: number): Promise<Record<string, number>> {
  const times = ways.map((): number[] => []);
  for (let n = 0; n < count; n += LONE_TURN)
    for (const [at, way] of ways.entries())
      for (let trip = 0; trip < LONE_TURN; trip++) {
        const from = performance.now();
        await way.trip(n + trip);
        times[at]!.push(performance.now() - from);
      }
  return Object.fromEntries(ways.map(({ name }, at) => [`${name}_ask_p50_us`, medianMicros(times[at]!)]));
}

/** The median time of 256 KiB there and back, by turns as well. */
async function handedOver(ways: readonly HandOver[], count: number): Promise<Record<string, number>> {
  const times = ways.map((): number[] => []);
  for (let n = 0; n < count; n += LONE_TURN)
    for (const [at, way] of ways.entries()) times[at]!.push(...(await way.trips(LONE_TURN)));
  return Object.fromEntries(
    ways.map(({ name }, at) => [`${name}_256k_there_and_back_p50_us`, medianMicros(times[at]!)]),
  );
}

function medianMicros(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]! * 1_000;
}

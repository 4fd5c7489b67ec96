import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { createNode } from '../../src/node.ts';
import { socketPath } from '../../src/settings/run-folder.ts';
import { openDescriptors } from '../actors/transport/open-descriptors.ts';
import { until } from '../supervisor/two-actors.ts';
import { collectedMemory } from './collected-memory.ts';
import { withAxe } from './watched-lives.ts';

export interface SoakOptions {
  readonly cycles: number;
  /** How often a shard is cut, evenly over the cycles, each shard in turn. */
  readonly deaths: number;
  /** How often the counts are taken, evenly over the cycles. */
  readonly readings: number;
  readonly onReading?: (reading: SoakReading) => void;
}

/** Taken while nothing is under way. */
export interface SoakReading {
  readonly cycles: number;
  readonly accepted: number;
  readonly refused: number;
  /** Lives of shards that ended. */
  readonly deaths: number;
  readonly descriptors: number;
  /** The same by what they point at. */
  readonly open: Readonly<Record<string, number>>;
  readonly threads: number;
  /** As the operating system counts, with garbage that no thread had a reason to collect yet. */
  readonly rss: number;
  /** Bytes of heaps and Buffers after a collection in every thread. */
  readonly live: number;
}

/** Connections under way at once. */
const LANES = 32;
/** Live memory that tells nothing: compiled code and caches come and go. A leak of 8 KiB a connection shows in 2,000. */
const LIVE_MARGIN = 16 * 2 ** 20;
/** Connections before the first reading: everything that is made once is there then. */
const WARM_UP = 200;
const SHARDS = 2;
/** The shards' supervisor bears five deaths in 30 s: three at once, and two more. */
const BETWEEN_DEATHS_MS = 10_100;
const FREE_DEATHS = 3;
/** Budgets that this many connections from one address do not meet. */
const MANY = 1_000_000;

/**
 * Dials a node in this process again and again and resets every connection, at any point of its way: before it is looked
 * at, while it moves to a shard, after the shard answered, after a TLS handshake. The first reading is taken before the
 * cycles.
 */
export async function soakAccepts(options: SoakOptions): Promise<readonly SoakReading[]> {
  const home = await mkdtemp(join(tmpdir(), 'granary-soak-'));
  const { started: node, axe } = await withAxe(() =>
    createNode({
      home,
      logLevel: 'silent',
      shards: SHARDS,
      // SQLite keeps the descriptor of a closed backup of the open database for the next one: one more after a minute.
      store: { keys: 'plain', backupHours: 0 },
      sync: { intervalSeconds: 0 },
      control: { socket: socketPath(home, {}) },
      acceptor: {
        listen: ['tcp://127.0.0.1:0'],
        maxPending: MANY,
        maxPendingPerAddress: MANY,
        maxPerSecond: MANY,
        maxPerSecondPerNet: MANY,
        maxNewPerSecond: MANY,
        maxNewPerSecondPerNet: MANY,
      },
    }),
  );
  try {
    const port = Number(node.addresses[0]!.split(':').at(-1));
    const actor = (name: string) => node.status().actors.find((each) => each.name === name)!;
    const shards = Array.from({ length: SHARDS }, (_, index) => `transport/${index}`);
    const cut = async (name: string) => {
      const { restarts } = actor(name);
      axe.cut(name);
      await until(() => actor(name).restarts > restarts && actor(name).state === 'up', 30_000);
    };
    const rest = () => until(() => actor('acceptor').metrics.pending === 0, 60_000);
    const reading = async (cycles: number, most: number): Promise<SoakReading> => {
      await rest();
      // What the last cut left behind goes within a moment, or never.
      await until(() => openDescriptors().length <= most, 5_000).catch(() => {});
      const { accepted, refused } = actor('acceptor').metrics;
      const rss = process.memoryUsage.rss();
      const { heap, buffers } = await collectedMemory();
      return {
        cycles,
        accepted: accepted!,
        refused: refused!,
        deaths: shards.reduce((sum, name) => sum + actor(name).restarts, 0),
        descriptors: openDescriptors().length,
        open: openByKind(),
        threads: readdirSync('/proc/self/task').length,
        rss,
        live: heap + buffers,
      };
    };

    await dialAll(port, WARM_UP, 0);
    const readings = [await reading(0, Number.POSITIVE_INFINITY)];
    options.onReading?.(readings[0]!);
    const places = (count: number) =>
      Array.from({ length: count }, (_, index) => Math.round(((index + 1) * options.cycles) / count));
    const deathsAt = places(options.deaths).map((place) =>
      Math.max(1, place - Math.ceil(options.cycles / options.deaths / 2)),
    );
    const readingsAt = new Set(places(options.readings));
    let done = 0;
    let lastDeath = Number.NEGATIVE_INFINITY;
    for (const place of [...new Set([...deathsAt, ...readingsAt])].sort((a, b) => a - b)) {
      const dialling = dialAll(port, place - done, done);
      if (deathsAt.includes(place)) {
        const count = deathsAt.indexOf(place);
        const wait = count < FREE_DEATHS ? 0 : lastDeath + BETWEEN_DEATHS_MS - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        // In the midst of the connections, or after them when the supervisor needs a pause.
        await cut(shards[count % SHARDS]!);
        lastDeath = performance.now();
      }
      await dialling;
      done = place;
      if (!readingsAt.has(place)) continue;
      const next = await reading(done, readings[0]!.descriptors);
      readings.push(next);
      options.onReading?.(next);
    }
    return readings;
  } finally {
    await node.stop();
    await rm(home, { recursive: true, force: true });
  }
}

/** What there is more of than at the first reading, in words; nothing of it may be. */
export function leftOver(readings: readonly SoakReading[]): readonly string[] {
  const [first, last] = [readings[0]!, readings.at(-1)!];
  const left: string[] = [];
  if (last.descriptors > first.descriptors) {
    for (const [kind, count] of Object.entries(last.open)) {
      const more = count - (first.open[kind] ?? 0);
      if (more > 0) left.push(`${more} ${kind}`);
    }
  }
  if (last.threads > first.threads) left.push(`${last.threads - first.threads} threads`);
  const more = last.live - first.live;
  if (more > LIVE_MARGIN) left.push(`${(more / 2 ** 20).toFixed(0)} MiB that something refers to`);
  return left;
}

/** Sockets and pipes have numbers, which are of no interest. */
function openByKind(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const each of openDescriptors()) {
    const kind = each.replace(/:\[\d+\]$/, '');
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** So many connections, `LANES` at a time. */
async function dialAll(port: number, count: number, from: number): Promise<void> {
  let next = from;
  const lane = async () => {
    while (next < from + count) await CYCLES[next++ % CYCLES.length]!(port);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

type Cycle = (port: number) => Promise<void>;

/** The shard's answer to what is no TLS: whatever it is, it shows that the shard has the connection. */
const answered: Cycle = (port) =>
  dialled(port, (socket) => {
    socket.once('data', () => socket.resetAndDestroy());
    socket.write('no TLS at all');
  });
const atOnce: Cycle = (port) => dialled(port, (socket) => void socket.resetAndDestroy());
const halfAHello: Cycle = (port) =>
  dialled(port, (socket) => {
    socket.write(Buffer.from('160301020001', 'hex'), () => setTimeout(() => socket.resetAndDestroy(), 2));
  });
const afterTls: Cycle = (port) =>
  dialled(port, (socket) => {
    const tls = connectTls({ socket, rejectUnauthorized: false, servername: 'localhost' });
    tls.on('error', () => socket.destroy());
    tls.once('secureConnect', () => socket.resetAndDestroy());
  });
/** A TLS handshake costs a hundred of the others. */
const CYCLES: readonly Cycle[] = [
  afterTls,
  ...Array.from({ length: 9 }, () => [answered, halfAHello, answered, answered]).flat(),
  atOnce,
];

/** Resolves when the connection is over, however that came about. */
function dialled(port: number, use: (socket: Socket) => void): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectTcp({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.once('close', () => resolve());
    socket.once('end', () => socket.destroy());
    socket.once('connect', () => use(socket));
  });
}

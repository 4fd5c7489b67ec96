import { stat } from 'node:fs/promises';
import { round } from '../../bench/statistics.ts';
import { warm } from '../../bench/workplace.ts';
import { Node } from '../../test/e2e/granary-process.ts';
import { TRANSPORTS, type Transport } from './cell.ts';
import { fileOf } from './files.ts';
import {
  downloadByGranary,
  downloadByReference,
  followByGranary,
  followByReference,
  publishAtReference,
  type Share,
} from './flows.ts';
import type { Reference } from './reference.ts';
import { REFERENCES, referencePrograms } from './reference-build.ts';
import { World } from './world.ts';

// What a live node of the reference gives its own kind, and what it gives Granary, over TCP and over QUIC: one file after
// another from the same node, the fastest download of three for either side.

const MiB = 2 ** 20;
const LARGE = 512 * MiB;
/** Over TCP two of the reference move 2.6 MiB/s. */
const SMALL = 32 * MiB;
const REPEATS = 3;

interface Source {
  readonly seeder: Reference;
  readonly transport: Transport;
  readonly share: Share;
  readonly original: string;
}

const say = (text: string) => process.stderr.write(`${text}\n`);
const world = await World.create(await referencePrograms(undefined, false, say));
try {
  for (const dialect of [1, 2] as const) {
    const seeder = await world.reference(dialect);
    const [large, small] = [await published(seeder, LARGE), await published(seeder, SMALL)];
    for (const transport of TRANSPORTS) {
      const file = transport === 'tcp' ? small : large;
      const own = await fastest(async (turn) => {
        const reader = await world.reference(dialect, `reader ${transport} ${turn}`);
        return await toItsKind(reader, { seeder, transport, ...file });
      });
      const ours = await fastest(() => toGranary({ seeder, transport, ...large }));
      console.log(
        `${REFERENCES[dialect].version}, ${transport}: ${round(own)} MiB/s to its own kind, ${round(ours)} to Granary: ${round(ours / own)} times as much`,
      );
    }
  }
} finally {
  await world.close();
}

async function published(seeder: Reference, size: number) {
  const original = await fileOf(world, size);
  const share = await publishAtReference(seeder, { files: [original], label: `${size}`, title: `${size}` });
  return { share, original };
}

/** MiB a second. */
async function fastest(download: (turn: number) => Promise<number>): Promise<number> {
  const speeds: number[] = [];
  for (let turn = 1; turn <= REPEATS; turn++) speeds.push(await download(turn));
  return Math.max(...speeds);
}

async function toItsKind(reader: Reference, { seeder, transport, share, original }: Source): Promise<number> {
  const address = seeder.address(transport);
  await followByReference(reader, share, address);
  await warm(original);
  const seconds = await downloadByReference(reader, share, original, world.path('got.bin'), address);
  await reader.stop();
  return await speed(original, seconds);
}

async function toGranary({ seeder, transport, share, original }: Source): Promise<number> {
  const args = ['--set', `transport.policy=${transport}-only`];
  const node = await Node.start({ listen: `${transport}://127.0.0.1:0`, args });
  try {
    await node.must('connect', seeder.address(transport));
    await followByGranary(node, share);
    await warm(original);
    return await speed(original, await downloadByGranary(node, share, [original], world.path('got')));
  } finally {
    await node.remove();
  }
}

async function speed(original: string, seconds: number): Promise<number> {
  return (await stat(original)).size / MiB / seconds;
}

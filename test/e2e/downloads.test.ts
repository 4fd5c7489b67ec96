import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { NodeClient } from '../../src/cli/client.ts';
import type { TransferEntry, TransferList } from '../../src/control-link/results.ts';
import { Node } from './granary-process.ts';
import { testProvider } from './test-provider.ts';

const CHUNK = 262_144;

/** Lets so many chunks through, then holds all others until it is opened. */
class Gate {
  #left: number;
  readonly #open = Promise.withResolvers<void>();

  constructor(chunks: number) {
    this.#left = chunks;
  }

  readonly pass = async (): Promise<void> => {
    if (this.#left-- <= 0) await this.#open.promise;
  };

  open(): void {
    this.#open.resolve();
  }
}

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

let work: string;
let reader: Node;
const providers: Awaited<ReturnType<typeof testProvider>>[] = [];
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'granary-downloads-'));
  reader = await Node.start();
});
afterEach(async () => {
  for (const provider of providers.splice(0)) provider.close();
  await reader.run('cancel', '--all');
});
afterAll(async () => {
  await reader?.remove();
  await rm(work, { recursive: true, force: true });
});

async function provider(chunks: number, gate?: Gate) {
  const made = await testProvider(chunks * CHUNK - 100, gate && { gate: gate.pass });
  providers.push(made);
  await reader.must('subscribe', made.link);
  return made;
}

/** Polls the queue until a transfer of the reader looks so. */
async function until(shape: object, node: Node = reader): Promise<TransferEntry> {
  const client = await NodeClient.connect(node.home);
  try {
    return await vi.waitFor(
      async () => {
        const { transfers } = await client.call('queue', {});
        expect(transfers.at(-1)).toMatchObject(shape);
        return transfers.at(-1)!;
      },
      { timeout: 30_000, interval: 50 },
    );
  } finally {
    client.close();
  }
}

test('kill -9 in the middle: the next start goes on by itself, and asks for no chunk it had noted', async () => {
  const gate = new Gate(30);
  const seeder = await provider(60, gate);
  const out = join(work, 'killed');
  await reader.must('get', seeder.shareId, '-o', out, '--detach');
  // Noted is what the queue of the next life starts from: the ledger has it 100 ms after the chunk came.
  await until({ state: 'active', bytes: 30 * CHUNK });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await reader.kill();
  const before = new Map(seeder.asked);
  gate.open();
  reader = await Node.start({ home: reader.home });
  await until({ state: 'done', bytes: 60 * CHUNK - 100 });
  expect((await readFile(join(out, 'file.bin'))).equals(seeder.bytes)).toBe(true);
  // Thirty had come: the other thirty are asked for, once each.
  const again = [...seeder.asked].map(([chunk, count]) => count - (before.get(chunk) ?? 0));
  expect(again.filter((count) => count > 0)).toEqual(Array.from({ length: 30 }, () => 1));
  expect(await readdir(out)).toEqual(['file.bin']);
});

test('one of two providers stalls: the other one brings everything, that of the first too', async () => {
  const stalling = await provider(200, new Gate(5));
  const other = await Node.start();
  try {
    const source = join(work, 'same');
    await mkdir(source);
    await writeFile(join(source, 'file.bin'), stalling.bytes);
    await other.must('publish', source);
    await reader.must('connect', `${other.address}@${other.ready.node_key}`);
    const got = await reader.must<{ files: { path: string }[]; providers: string[] }>(
      'get',
      stalling.shareId,
      '-o',
      join(work, 'stalled'),
    );
    expect((await readFile(got.files[0]!.path)).equals(stalling.bytes)).toBe(true);
    expect(got.providers).toContain(other.address);
  } finally {
    await other.remove();
  }
});

test('one of two providers dies: the other one brings the rest', async () => {
  const dying = await provider(200, new Gate(5));
  const other = await Node.start();
  try {
    const source = join(work, 'again');
    await mkdir(source);
    await writeFile(join(source, 'file.bin'), dying.bytes);
    await other.must('publish', source);
    await reader.must('connect', `${other.address}@${other.ready.node_key}`);
    const getting = reader.must<{ files: { path: string }[]; providers: string[] }>(
      'get',
      dying.shareId,
      '-o',
      join(work, 'died'),
    );
    await vi.waitFor(() => expect(dying.asked.size).toBeGreaterThan(5), { timeout: 20_000 });
    dying.close();
    const got = await getting;
    expect((await readFile(got.files[0]!.path)).equals(dying.bytes)).toBe(true);
    expect(got.providers).toContain(other.address);
  } finally {
    await other.remove();
  }
});

test('pause, resume, cancel; a get that is interrupted is paused, and the same get goes on', async () => {
  const gate = new Gate(10);
  const seeder = await provider(20, gate);
  const out = join(work, 'paused');
  await reader.must('get', seeder.shareId, '-o', out, '--detach', '--priority', '7');
  const { id } = await until({ state: 'active', bytes: 10 * CHUNK, bytes_total: 20 * CHUNK - 100 });
  expect(await reader.must<TransferList>('pause', id)).toMatchObject({
    transfers: [{ id, state: 'paused', bytes: 10 * CHUNK, peers: 0, rate: 0, error: null }],
  });
  expect(await readdir(out)).toHaveLength(1);
  expect(await reader.must<TransferList>('resume', id.slice(0, 6))).toMatchObject({
    transfers: [{ id, priority: 7 }],
  });
  await until({ state: 'active' });
  await reader.must<TransferList>('pause');
  gate.open();
  const got = await reader.must<{ files: { path: string; resumed_bytes: number }[] }>(
    'get',
    seeder.shareId,
    '-o',
    out,
  );
  expect(got.files).toMatchObject([{ resumed_bytes: 10 * CHUNK }]);
  expect((await readFile(got.files[0]!.path)).equals(seeder.bytes)).toBe(true);
  expect(await reader.must<TransferList>('cancel', id)).toMatchObject({ transfers: [{ id, state: 'done' }] });
  expect(await reader.run('pause', id)).toMatchObject({ code: 3, error: { code: 'E_NOT_FOUND' } });
  expect(await reader.run('cancel')).toMatchObject({ code: 2, error: { code: 'E_USAGE' } });
  expect(await readdir(out)).toEqual(['file.bin']);
});

test('what was downloaded is served to others, and so is what lay there before (--adopt), which is never copied', async () => {
  const publisher = await Node.start();
  const other = await Node.start();
  try {
    const source = join(work, 'shelf');
    await mkdir(join(source, 'deep'), { recursive: true });
    await writeFile(join(source, 'deep/big.bin'), randomBytes(3 * CHUNK + 5));
    await writeFile(join(source, 'small.txt'), 'small');
    const { link, share_id } = await publisher.must<{ link: string; share_id: string }>('publish', source);
    for (const node of [reader, other]) await node.must('subscribe', link);
    await reader.must('get', share_id, '-o', join(work, 'first'));
    await publisher.kill();
    await other.must('connect', `${reader.address}@${reader.ready.node_key}`);
    const got = await other.must<{ providers: string[] }>('get', share_id, '-o', join(work, 'second'));
    expect(got.providers).toEqual([reader.address]);
    for (const name of ['deep/big.bin', 'small.txt']) {
      const [a, b] = [await readFile(join(source, name)), await readFile(join(work, 'second', name))];
      expect(a.equals(b)).toBe(true);
    }
    expect(await other.must('items', share_id)).toMatchObject({
      items: [{ state: 'held' }, { state: 'held' }],
    });

    // Another node has it on its disk, under another name, and only has to say so.
    const adopter = await Node.start();
    try {
      await adopter.must('connect', `${reader.address}@${reader.ready.node_key}`);
      await adopter.must('subscribe', link);
      await adopter.must('sync');
      const mine = join(work, 'mine');
      await mkdir(mine);
      await rename(join(work, 'second/deep/big.bin'), join(mine, 'renamed'));
      await writeFile(join(mine, 'small.txt'), 'small');
      const adopted = await adopter.must<{ files: { path: string; resumed_bytes: number }[] }>(
        'get',
        share_id,
        '--adopt',
        mine,
      );
      expect(adopted.files).toMatchObject([
        { path: join(mine, 'renamed'), resumed_bytes: 3 * CHUNK + 5 },
        { path: join(mine, 'small.txt'), resumed_bytes: 5 },
      ]);
      expect((await readdir(mine)).sort()).toEqual(['renamed', 'small.txt']);
      // Whose file went away serves it no more; the adopter does.
      await rm(join(work, 'first/deep/big.bin'));
      await other.must('connect', `${adopter.address}@${adopter.ready.node_key}`);
      const again = await other.must<{ providers: string[] }>('get', share_id, '-o', join(work, 'third'));
      expect(again.providers).toContain(adopter.address);
    } finally {
      await adopter.remove();
    }
  } finally {
    await Promise.all([publisher.remove(), other.remove()]);
  }
});

test('a full disk: downloads wait for room, and go on by themselves when there is some', async () => {
  const out = join(work, 'full');
  await mkdir(out);
  const disk = mountSmallDisk(out);
  // Where nothing may be mounted, a reserve that no disk has stands for one that is full.
  const full = await Node.start({
    args: ['--set', `downloads.reserve_bytes=${disk ? 0 : Number.MAX_SAFE_INTEGER}`],
  });
  let node = full;
  try {
    const gate = new Gate(10);
    const seeder = await testProvider(32 * CHUNK, { gate: gate.pass });
    providers.push(seeder);
    await node.must('subscribe', seeder.link);
    await node.must('get', seeder.shareId, '-o', out, '--detach');
    if (disk) {
      await until({ state: 'active', bytes: 10 * CHUNK }, node);
      await writeFile(join(out, 'filler'), new Uint8Array(25 * CHUNK));
    }
    gate.open();
    await until({ state: 'paused', error: { code: 'E_NO_SPACE' } }, node);
    if (disk) await rm(join(out, 'filler'));
    else {
      await node.kill('SIGTERM');
      node = await Node.start({ home: full.home });
    }
    await until({ state: 'done', error: null }, node);
    expect((await readFile(join(out, 'file.bin'))).equals(seeder.bytes)).toBe(true);
  } finally {
    await node.remove();
    if (disk) spawnSync('umount', ['-l', out]);
  }
});

/** Forty chunks of room, if this user may mount. */
function mountSmallDisk(folder: string): boolean {
  const size = `size=${40 * CHUNK}`;
  return spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'granary-test', folder]).status === 0;
}

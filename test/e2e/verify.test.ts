import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { RecheckResult } from '../../src/actors/transfer/contract.ts';
import type { RecheckList } from '../../src/control-link/results.ts';
import { launcher, Node } from './granary-process.ts';
import { testProvider } from './test-provider.ts';

const CHUNK = 256 * 1024;

let work: string;
let seeder: Node;
let reader: Node;
let source: string;
let out: string;
let shareId: string;
const big = randomBytes(5 * CHUNK + 100);

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'granary-e2e-verify-'));
  [seeder, reader] = await Promise.all([Node.start(), Node.start()]);
  source = join(work, 'music');
  out = join(work, 'out');
  await mkdir(join(source, 'live'), { recursive: true });
  await writeFile(join(source, 'big.bin'), big);
  await writeFile(join(source, 'live/small.txt'), 'small');
  await writeFile(join(source, 'empty'), '');
  const published = await seeder.must<{ link: string; share_id: string }>('publish', source);
  shareId = published.share_id;
  await reader.must('subscribe', published.link);
  await reader.must('get', shareId, '-o', out);
}, 120_000);
afterAll(async () => {
  await Promise.all([seeder?.remove(), reader?.remove()]);
  await rm(work, { recursive: true, force: true });
});

async function flip(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const octet = Buffer.alloc(1);
    await file.read(octet, 0, 1, offset);
    octet[0]! ^= 1;
    await file.write(octet, 0, 1, offset);
  } finally {
    await file.close();
  }
}

const verify = (node: Node, ...args: string[]) => node.run<RecheckResult>('verify', ...args);

test('everything is as it should be; when that was seen is told', async () => {
  expect((await seeder.must<RecheckList>('verify', '--status')).rechecks).toEqual([]);
  const { code, result, events } = await verify(seeder);
  expect(code).toBe(0);
  expect(result).toMatchObject({ share_id: null, items: 3, chunks: 7, bytes: big.length + 5, bad: [] });
  expect(result).toMatchObject({ bad_total: 0, repaired: 0, files: [] });
  expect(events.at(-1)).toMatchObject({ event: 'progress', bytes: big.length + 5, files: 3, eta: 0 });
  // The empty file is not held: there is nothing of it to serve.
  expect((await verify(reader, shareId)).result).toMatchObject({ share_id: shareId, items: 2, chunks: 7 });
  const { rechecks } = await reader.must<RecheckList>('verify', shareId, '--status');
  expect(rechecks).toMatchObject([{ share_id: shareId, state: 'done', result: { items: 2, bad: [] } }]);
  expect(Date.parse(rechecks[0]!.ended!)).toBeGreaterThan(Date.now() - 600_000);
  expect(await reader.run('verify', 'ab'.repeat(32))).toMatchObject({
    code: 3,
    error: { code: 'E_NOT_FOUND' },
  });
  expect(await reader.run('verify', '--cancel', '--repair')).toMatchObject({ code: 2 });
});

test('a flipped byte of a download is found, and only its chunk is fetched again', async () => {
  const path = join(out, 'big.bin');
  await flip(path, 2 * CHUNK + 17);
  const found = await verify(reader);
  expect(found.code).toBe(6);
  const bad = { path, chunk: 2, offset: 2 * CHUNK, state: 'damaged' };
  expect(found.result).toMatchObject({ bad: [{ ...bad, repaired: false }], bad_total: 1, repaired: 0 });
  expect(
    (await reader.must<{ items: { path: string; state: string }[] }>('items', shareId)).items,
  ).toContainEqual(expect.objectContaining({ path: 'big.bin', state: 'remote' }));
  const down = async () => (await reader.must<{ bytes: { down: number } }>('stats')).bytes.down;
  const before = await down();
  const repaired = await verify(reader, '--repair');
  expect(repaired).toMatchObject({
    code: 0,
    result: { bad: [{ ...bad, repaired: true }], repaired: 1, files: [{ state: 'damaged', repaired: true }] },
  });
  const cost = (await down()) - before;
  expect(cost).toBeGreaterThan(CHUNK);
  expect(cost).toBeLessThan(2 * CHUNK);
  expect((await readFile(path)).equals(big)).toBe(true);
  expect(
    (await reader.must<{ items: { path: string; state: string }[] }>('items', shareId)).items,
  ).toContainEqual(expect.objectContaining({ path: 'big.bin', state: 'held' }));
  expect((await verify(reader)).result).toMatchObject({ bad: [], files: [] });
});

test('downloads that are cut off, too long or gone are told apart; what is not there is not fetched', async () => {
  const path = join(out, 'big.bin');
  const gone = join(out, 'live/small.txt');
  await truncate(path, 3 * CHUNK + 1);
  await rename(gone, join(work, 'aside'));
  await writeFile(join(out, 'live/other'), 'the folder is not empty');
  const { code, result } = await verify(reader, '--repair');
  expect(code).toBe(6);
  expect(result.files).toMatchObject([
    { path, state: 'short', found: 3 * CHUNK + 1, bad_chunks: 3, repaired: true },
    { path: gone, state: 'missing', found: null, bad_chunks: 1, repaired: false },
  ]);
  expect((await readFile(path)).equals(big)).toBe(true);
  await writeFile(path, Buffer.concat([big, Buffer.from('more')]));
  await rm(join(out, 'live/other'));
  const longer = await verify(reader, '--repair');
  expect(longer.result.files).toMatchObject([
    { path, state: 'long', found: big.length + 4, bad_chunks: 1, repaired: true },
    { path: gone, state: 'offline', bad_chunks: 0 },
  ]);
  expect(longer.result.bad).toMatchObject([{ path, chunk: 6, offset: big.length, repaired: true }]);
  expect((await readFile(path)).equals(big)).toBe(true);
  // It is back, and is served again; or it never comes back, and is forgotten.
  await rename(join(work, 'aside'), gone);
  expect((await verify(reader)).result.files).toEqual([]);
  await rm(gone);
  expect((await verify(reader, '--forget')).result.files).toMatchObject([{ path: gone }]);
  expect((await verify(reader)).result).toMatchObject({ items: 1, files: [] });
});

test('an own file is told of, whatever became of it, and never written to', async () => {
  const path = join(source, 'big.bin');
  const state = async () =>
    (await seeder.must<{ items: { path: string; state: string }[] }>('items', 'music')).items.find(
      (item) => item.path === 'big.bin',
    )!.state;
  await flip(path, CHUNK);
  const wrong = await readFile(path);
  const { code, result } = await verify(seeder, 'music', '--repair');
  expect(code).toBe(6);
  expect(result).toMatchObject({
    bad: [{ path, chunk: 1, offset: CHUNK, state: 'changed' }],
    repaired: 0,
    files: [{ path, own: true, state: 'changed', repaired: false }],
  });
  expect((await readFile(path)).equals(wrong)).toBe(true);
  expect(await state()).toBe('stale');
  // Nobody gets it from there any more.
  await rm(join(out, 'big.bin'));
  expect(await reader.run('get', `${shareId}/big.bin`, '-o', join(work, 'again'))).toMatchObject({
    ok: false,
  });
  // Whoever puts it right again need not publish: its octets are what was signed.
  await flip(path, CHUNK);
  await utimes(path, 5, 5);
  expect((await verify(seeder)).result.files).toEqual([]);
  expect(await state()).toBe('ok');
  await reader.must('get', `${shareId}/big.bin`, '-o', join(work, 'again'));

  await rename(source, join(work, 'unmounted'));
  expect((await verify(seeder)).result).toMatchObject({ items: 3, bytes: 0, bad: [] });
  expect((await verify(seeder)).result.files.map((file) => file.state)).toEqual(Array(3).fill('offline'));
  await rename(join(work, 'unmounted'), source);
  if (process.getuid?.() !== 0) {
    await chmod(path, 0);
    expect((await verify(seeder)).result.files).toMatchObject([{ state: 'unreadable' }]);
    await chmod(path, 0o600);
  }
  await writeFile(join(work, 'replacement'), randomBytes(big.length));
  await rename(join(work, 'replacement'), path);
  const replaced = (await verify(seeder)).result;
  expect(replaced.files).toMatchObject([{ state: 'changed', bad_chunks: 6 }]);
  expect(replaced.bad.map(({ chunk }) => chunk)).toEqual([0, 1, 2, 3, 4, 5]);
});

test('a recheck goes on where it was, after Ctrl-C and after kill -9', async () => {
  const folder = join(work, 'many');
  await mkdir(folder);
  const [size, files] = [32 << 20, 12];
  // Holes: read as fast as they can be hashed, and on no disk.
  for (let i = 0; i < files; i++) {
    const path = join(folder, `${String(i).padStart(2, '0')}.bin`);
    await writeFile(path, String(i));
    await truncate(path, size);
  }
  const args = ['--set', 'hashing.threads=1'];
  let node = await Node.start({ args });
  // While a download is under way, and this one takes its time, a recheck goes slowly and notes every 32 MiB.
  const slow = await testProvider(500 * CHUNK, { gate: () => setTimeout(500) });
  try {
    await node.must('publish', folder);
    await node.must('subscribe', slow.link);
    await node.must('get', slow.shareId, '-o', join(work, 'slow'), '--detach');
    const progress = async () => (await node.must<RecheckList>('verify', '--status')).rechecks[0];
    const begun = async (bytes: number) => {
      const child = spawn(process.execPath, [launcher, 'verify', '--json', '--home', node.home], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      for await (const line of createInterface({ input: child.stdout })) {
        const event = JSON.parse(line) as { bytes?: number };
        if ((event.bytes ?? 0) > bytes) break;
      }
      child.stdout.resume();
      return { child, exited };
    };
    const interrupted = await begun(0);
    interrupted.child.kill('SIGINT');
    await interrupted.exited;
    // What was read of a page that is not whole is read again.
    const paused = (await progress())!;
    expect(paused.state).toBe('paused');
    const first = paused.result.bytes;
    expect(first).toBeLessThan(files * size);
    // Two pages, so that something more is noted.
    const killed = await begun(first + (64 << 20));
    await node.kill('SIGKILL');
    await killed.exited;
    // The next life goes on by itself.
    node = await Node.start({ home: node.home, args });
    const after = (await progress())!;
    expect(after.result.resumed_bytes).toBeGreaterThan(first);
    await vi.waitFor(async () => expect((await progress())!.state).toBe('done'), { timeout: 120_000 });
    expect((await progress())!.result).toMatchObject({ items: files, bytes: files * size, bad: [] });
    // The download that is not done is not held.
    expect(await node.must<RecheckList>('verify', '--cancel')).toEqual({ rechecks: [] });
  } finally {
    await node.remove();
    slow.close();
  }
}, 180_000);

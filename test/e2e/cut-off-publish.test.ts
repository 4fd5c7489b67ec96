import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { launcher, Node } from './granary-process.ts';

const FILES = 1_500;
const SIZE = 2 << 20;

let work: string;
let node: Node;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'granary-e2e-cut-'));
  node = await Node.start({ args: ['--set', 'hashing.threads=1'] });
  await mkdir(join(work, 'music'));
  for (let i = 0; i < FILES; i++) {
    // Holes take no room on the disk, and as long to be hashed as anything else.
    const file = await open(join(work, 'music', `track ${i}.flac`), 'w');
    await file.write(`track ${i}`);
    await file.truncate(SIZE);
    await file.close();
  }
});
afterEach(async () => {
  await node.remove();
  await rm(work, { recursive: true, force: true });
});

/** Kills the node, as a power cut would, once a publish has come so far. */
async function killedAt(files: number): Promise<void> {
  const args = ['publish', join(work, 'music'), '--json', '--home', node.home];
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const gone = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout! })) {
    const event = JSON.parse(line) as { event?: string; phase?: string; files?: number };
    if (event.event === 'progress' && event.phase === 'hash' && event.files! >= files)
      await node.kill('SIGKILL');
  }
  await gone;
}

test('a publish that kill -9 cut off, twice, hashes only what was not hashed', async () => {
  await killedAt(600);
  const { home } = node;
  node = await Node.start({ home, args: ['--set', 'hashing.threads=1'] });
  await killedAt(1_000);
  node = await Node.start({ home });
  const result = await node.must<{ items: number; bytes: number; hashed_bytes: number; seq: number }>(
    'publish',
    join(work, 'music'),
  );
  expect(result).toMatchObject({ items: FILES, bytes: FILES * SIZE, seq: 1 });
  // At the least what came before the last batches: 256 files and what was on its way.
  expect(result.hashed_bytes).toBeLessThan((FILES - 400) * SIZE);
  expect(await node.must('publish', join(work, 'music'))).toMatchObject({ seq: 1, hashed_bytes: 0 });
}, 180_000);

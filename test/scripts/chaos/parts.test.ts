import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { bytesOf } from '../../../scripts/chaos/material.ts';
import { phaseOf } from '../../../scripts/chaos/phases/index.ts';
import { brokenText, quantile } from '../../../scripts/chaos/report.ts';
import { SlowWire } from '../../../scripts/chaos/slow-wire.ts';

test('the phase of a kill is a function of seed and number, and each round has all of them', () => {
  const round = (seed: number, from: number) =>
    Array.from({ length: 20 }, (_, i) => phaseOf(seed, from + i).name);
  expect(round(5, 1)).toEqual(round(5, 1));
  expect(round(5, 1)).not.toEqual(round(6, 1));
  expect(round(5, 21)).not.toEqual(round(5, 1));
  expect(round(5, 21).sort()).toEqual(round(5, 1).sort());
  expect(new Set(round(5, 1)).size).toBe(7);
});

test('a failure says how to see it again', () => {
  const broken = { what: 'wrong bytes: a', seed: 4, kill: 17, phase: 'sync', ms: 33, folder: '/tmp/kept' };
  for (const part of ['wrong bytes: a', 'seed 4, kill 17, sync, 33 ms', '/tmp/kept', '--seed 4 --from 17']) {
    expect(brokenText(broken)).toContain(part);
  }
  expect(brokenText({ ...broken, kill: null, phase: 'full disk' })).toContain('--fault "full disk"');
});

test('quantiles', () => {
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
  expect(quantile([], 0.5)).toBe(0);
  expect(quantile([1, 2], 1)).toBe(2);
});

test('the wire: all bytes in their order, held where it was told, told where it is, slow', async () => {
  const bytes = bytesOf('wire', 1 << 20);
  const server = createServer((socket) => socket.end(bytes)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const wire = await SlowWire.open(4 << 20);
  wire.target = (server.address() as AddressInfo).port;
  try {
    const reached = wire.more(500_000, new AbortController().signal);
    wire.holdAfter(600_000);
    const from = performance.now();
    const client = connect(Number(new URL(wire.address).port), '127.0.0.1');
    const came: Buffer[] = [];
    client.on('data', (piece: Buffer) => came.push(piece));
    await reached;
    expect(wire.passed).toBeGreaterThanOrEqual(500_000);
    await expect.poll(() => wire.passed).toBeGreaterThanOrEqual(600_000);
    // One piece may be on its way when it holds.
    expect(wire.passed).toBeLessThan(600_000 + 2 * 65_536);
    wire.release();
    await once(client, 'close');
    expect(Buffer.concat(came).equals(bytes)).toBe(true);
    expect(performance.now() - from).toBeGreaterThan(200);
  } finally {
    wire.close();
    server.close();
  }
});

test('the clock of another day, on the main thread and on others', async () => {
  const module = pathToFileURL(resolve(import.meta.dirname, '../../../scripts/chaos/clock-shift.ts')).href;
  const folder = await mkdtemp(join(tmpdir(), 'granary-chaos-clock-'));
  const file = join(folder, 'told.mjs');
  await writeFile(
    file,
    `import { isMainThread, Worker } from 'node:worker_threads';
     console.log(Math.round(Date.now() / 86_400_000) + '/' + new Date(5).getTime());
     if (isMainThread) new Worker(new URL(import.meta.url));`,
  );
  const env = {
    ...process.env,
    NODE_OPTIONS: `--import ${module}`,
    GRANARY_CHAOS_CLOCK_MS: `${30 * 86_400_000}`,
  };
  const { stdout, stderr } = spawnSync(process.execPath, [file], { env, encoding: 'utf8' });
  await rm(folder, { recursive: true });
  const then = `${Math.round(Date.now() / 86_400_000) + 30}/5`;
  expect({ stdout, stderr }).toEqual({ stdout: `${then}\n${then}\n`, stderr: '' });
});

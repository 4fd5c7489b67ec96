import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Node } from './granary-process.ts';

let work: string;
let node: Node;
const args = ['--set', 'publish.quiet_seconds=0.5'];
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'granary-e2e-watch-'));
  await mkdir(join(work, 'music'));
  await writeFile(join(work, 'music', 'one'), 'one');
  node = await Node.start({ args });
});
afterEach(async () => {
  await node.remove();
  await rm(work, { recursive: true, force: true });
});

interface Row {
  seq: number;
  items: number;
  watch: boolean;
}
const share = async () => (await node.must<{ shares: Row[] }>('shares')).shares[0]!;
const until = (expected: Partial<Row>) =>
  vi.waitFor(async () => expect(await share()).toMatchObject(expected), { timeout: 30_000, interval: 200 });

test('a watched share publishes by itself, also after kill -9 and what happened meanwhile', async () => {
  await node.must('publish', join(work, 'music'), '--watch');
  expect(await share()).toMatchObject({ seq: 1, watch: true });
  await mkdir(join(work, 'music', 'new'));
  await writeFile(join(work, 'music', 'new', 'two'), 'two');
  await until({ items: 2 });
  await node.kill('SIGKILL');
  await writeFile(join(work, 'music', 'three'), 'three');
  node = await Node.start({ home: node.home, args });
  await until({ items: 3, watch: true });
  await rm(join(work, 'music', 'one'));
  await until({ items: 2 });
  const { seq } = await share();
  await node.must('publish', '--share', 'music', '--no-watch');
  expect(await share()).toMatchObject({ seq, items: 2, watch: false });
  const { actors } = await node.must<{ actors: { name: string; metrics: Record<string, number> }[] }>(
    'stats',
  );
  expect(actors.find(({ name }) => name === 'publish')!.metrics.watched_shares).toBe(0);
}, 120_000);

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { expect, test } from 'vitest';
import { runAheadOfNode } from '../../../src/actors/quic/ahead-of-node.ts';
import { TestBridge } from './test-bridge.ts';

test('it runs ahead of the node where this user may have that, and as it was where not', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const granted = runAheadOfNode(child.pid!);
  expect(getPriority(child.pid!)).toBe(granted ? -5 : getPriority());
  child.kill();
  const bridge = await TestBridge.start(null);
  expect(getPriority(bridge.keeper.status().pid!)).toBe(granted ? -5 : getPriority());
  await bridge.stop();
});

test('a process that is gone harms nobody', () => {
  expect(runAheadOfNode(2 ** 22 + 1)).toBe(false);
});

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Node } from './granary-process.ts';

let node: Node;
afterEach(() => node.remove());

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('the condition never held');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A connection that never says a word: its handshake is a call that runs. */
async function silentPeer() {
  const [, host, port] = /tcp:\/\/(.+):(\d+)$/.exec(node.address)!;
  const socket = connect(Number(port), host!);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

describe('granary up under signals', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s stops in order',
    async (signal) => {
      node = await Node.start();
      const exited = once(node.child, 'exit');
      node.child.kill(signal);
      expect(await exited).toEqual([0, null]);
      expect(node.events.at(-1)).toMatchObject({ ok: true, result: { clean: true, cut: [] } });
    },
    60_000,
  );

  test('a second SIGINT waits for nothing, and says who was cut', async () => {
    node = await Node.start();
    const peer = await silentPeer();
    const exited = once(node.child, 'exit');
    const from = performance.now();
    node.child.kill('SIGINT');
    await until(() => node.events.some(({ event }) => event === 'stopping'));
    node.child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    expect(performance.now() - from).toBeLessThan(5_000);
    const { result } = node.events.at(-1) as unknown as { result: { clean: boolean; cut: string[] } };
    expect(result.clean).toBe(false);
    expect(result.cut.length).toBeGreaterThan(0);
    peer.destroy();
    // The folder starts again.
    const again = await Node.start({ home: node.home });
    await again.kill('SIGTERM');
  }, 60_000);
});

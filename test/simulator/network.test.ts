import { expect, test, vi } from 'vitest';
import { churn, kill } from '../../src/simulator/churn.ts';
import { type NetworkOptions, SimulatedNetwork } from '../../src/simulator/network.ts';
import type { SimulatedNode } from '../../src/simulator/simulated-node.ts';
import { gossipContract, ring } from './gossip.ts';

// Worlds of minutes cost seconds of a quiet machine; time in them is no matter of the clock on the wall.
vi.setConfig({ testTimeout: 180_000 });

async function started(options: NetworkOptions, count: number, plan: Parameters<typeof ring>[2] = {}) {
  const network = new SimulatedNetwork(options);
  const nodes = ring(network, count, plan);
  for (const node of nodes) await network.until(node.start(), 1_000);
  return { network, nodes };
}
const spread = (node: SimulatedNode, rumour: number) => node.ref(gossipContract).ask('spread', { rumour });

test('a rumour reaches every node, in the time of its paths', async () => {
  const { network, nodes } = await started({ seed: 1 }, 50);
  expect(await network.until(spread(nodes[0]!, 1), 60_000)).toBe(2);
  await network.runFor(60_000);
  for (const node of nodes)
    expect(await network.until(node.ref(gossipContract).ask('known', null), 1)).toEqual([1]);
  expect(network.counts).toMatchObject({
    requests: 102,
    replies: 102,
    unanswered: 0,
    dials: 100,
    failedDials: 0,
  });
  expect(network.counts.byType.get(100)).toBe(102);
  expect(network.crashes).toEqual([]);
});

test('the same seed gives the same story, another seed another one', async () => {
  const run = async (seed: number) => {
    const { network, nodes } = await started({ seed, links: { loss: 0.1 } }, 30);
    const stop = churn(network, nodes.slice(1), { upMs: 5_000, downMs: 2_000 });
    await network.until(spread(nodes[0]!, 1), 60_000);
    await network.runFor(30_000);
    stop();
    return network.trace.digest;
  };
  const [first, again, other] = [await run(7), await run(7), await run(8)];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('behind a NAT a node dials and is not dialled', async () => {
  const { network, nodes } = await started({ seed: 3 }, 3, {
    fanout: 1,
    change: (index) => ({ reachable: index !== 1 }),
  });
  expect(await network.until(spread(nodes[0]!, 1), 60_000)).toBe(0);
  expect(await network.until(spread(nodes[1]!, 2), 60_000)).toBe(1);
  const events = (index: number) => network.until(nodes[index]!.ref(gossipContract).ask('events', null), 1);
  expect(await events(0)).toEqual(['lost E_PEER_UNREACHABLE']);
  expect(await events(2)).toEqual(['met in false']);
  expect(await events(1)).toEqual(['met out true']);
});

test('over a session that serves both ways a node behind a NAT can be asked', async () => {
  for (const bothWays of [false, true]) {
    const { network, nodes } = await started({ seed: 3, bothWays }, 2, {
      fanout: 1,
      change: (index) => ({ reachable: index !== 1 }),
    });
    await network.until(spread(nodes[1]!, 2), 60_000);
    expect(await network.until(spread(nodes[0]!, 1), 60_000)).toBe(bothWays ? 1 : 0);
  }
});

test('a dial to nobody, to one that went and to another key fail in their time', async () => {
  const { network, nodes } = await started({ seed: 4, dialMs: 2_000 }, 3, { fanout: 1 });
  const { transport } = nodes[0]!;
  const ask = (peer: { address: string; nodeKey?: string }) =>
    transport!.request(peer, 100, Uint8Array.of(1));
  const before = network.now();
  await expect(network.until(ask({ address: 'tcp://9.9.9.9:7001' }), 9_000)).rejects.toMatchObject({
    code: 'E_PEER_UNREACHABLE',
  });
  expect(network.now() - before).toBeCloseTo(2_000, 0);
  nodes[2]!.stop();
  await expect(network.until(ask(nodes[2]!.identity), 9_000)).rejects.toMatchObject({
    code: 'E_PEER_UNREACHABLE',
  });
  const { address } = nodes[1]!.identity;
  const other = { address, nodeKey: nodes[2]!.identity.nodeKey };
  await expect(network.until(ask(other), 9_000)).rejects.toMatchObject({ code: 'E_PEER_IDENTITY' });
  expect(network.counts.failedDials).toBe(3);
});

test('what is lost costs the caller its patience, an error its request alone', async () => {
  const { network, nodes } = await started({ seed: 5, requestMs: 3_000 }, 2, { fanout: 1 });
  const { transport } = nodes[0]!;
  const peer = nodes[1]!.identity;
  await network.until(transport!.request(peer, 100, Uint8Array.of(1)), 9_000);
  await expect(network.until(transport!.request(peer, 100, Uint8Array.of(13)), 9_000)).rejects.toMatchObject({
    code: 'E_PEER_ERROR',
    message: 'the peer answered: nobody wants to hear that',
  });
  expect(transport!.sessions).toBe(1);
  network.links.loss = 1;
  const before = network.now();
  await expect(network.until(transport!.request(peer, 100, Uint8Array.of(2)), 9_000)).rejects.toMatchObject({
    code: 'E_PEER_SILENT',
  });
  expect(network.now() - before).toBeCloseTo(3_000, 0);
  expect(transport!.sessions).toBe(0);
});

test('a bug of a behaviour is remembered, and its node is gone', async () => {
  const { network, nodes } = await started({ seed: 6 }, 2, { fanout: 1 });
  expect(await network.until(spread(nodes[0]!, 66), 60_000)).toBe(0);
  expect(network.crashes).toMatchObject([{ node: 1, actor: 'gossip', error: { message: 'a bug' } }]);
  expect(nodes[1]!.up).toBe(false);
});

test('a scripted node answers what it likes, or nothing', async () => {
  const { network, nodes } = await started({ seed: 7 }, 3, {
    change: (index) =>
      index === 0 ? {} : { script: () => (index === 1 ? null : { payload: Uint8Array.of(9) }) },
  });
  expect(await network.until(spread(nodes[0]!, 1), 60_000)).toBe(1);
  expect(network.counts.unanswered).toBe(1);
});

test('a bug in a script is one of its node', async () => {
  const broken = () => {
    throw new TypeError('a bug of the script');
  };
  const { network, nodes } = await started({ seed: 7 }, 2, {
    fanout: 1,
    change: (index) => (index === 0 ? {} : { script: broken }),
  });
  expect(await network.until(spread(nodes[0]!, 1), 60_000)).toBe(0);
  expect(network.crashes).toMatchObject([{ node: 1, actor: 'script' }]);
  expect(() => network.throwCrash()).toThrow('node 1 died of a bug in script');
});

test('a node that is back begins anew; what waited for it before is over', async () => {
  const { network, nodes } = await started({ seed: 8 }, 4);
  await network.until(spread(nodes[0]!, 1), 60_000);
  await network.runFor(5_000);
  nodes[1]!.stop();
  await expect(nodes[1]!.ref(gossipContract).ask('known', null)).rejects.toMatchObject({
    code: 'E_ACTOR_DOWN',
  });
  await network.until(nodes[1]!.start(), 1_000);
  expect(await network.until(nodes[1]!.ref(gossipContract).ask('known', null), 1)).toEqual([]);
  nodes[1]!.stop();
  await network.runFor(300_000);
});

test('a share of the nodes goes at once, the same ones for a seed', async () => {
  const gone = async () => {
    const { network, nodes } = await started({ seed: 9 }, 20);
    return kill(network, nodes, 0.25).map(({ identity }) => identity.index);
  };
  const first = await gone();
  expect(first).toHaveLength(5);
  expect(await gone()).toEqual(first);
});

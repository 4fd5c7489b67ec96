import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parseShareLink } from '../../src/protocol/links/share-link.ts';
import { Node } from './granary-process.ts';

// Each step is a process or two: on a machine that is busy they take their time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

interface Peers {
  peers: { address: string; node_key: string; direction: string; state: string; source: string }[];
}
interface Seeds {
  seeds: {
    address: string;
    origin: string;
    state: string;
    error: { code: string } | null;
    last_answer: string | null;
  }[];
}
interface Invite {
  node_key: string;
  addresses: string[];
  bootstrap: string[];
  reach: string;
  links: { share_id: string; link: string }[];
}
interface Bans {
  bans: { target: string; kind: string }[];
  changed: boolean;
}

/** In a world of loopback addresses, one thread of sockets each. */
const ARGS = ['--shards', '1', '--set', 'network.scope=test'];
const within = { timeout: 60_000, interval: 500 };

let seed: Node;
let one: Node;
let two: Node;
let bootstrap: string;
beforeAll(async () => {
  seed = await Node.start({ args: ARGS });
  bootstrap = `${seed.address}@${seed.ready.node_key}`;
  const args = [...ARGS, '--bootstrap', bootstrap];
  [one, two] = await Promise.all([Node.start({ args }), Node.start({ args })]);
});
afterAll(async () => {
  await Promise.all([seed, one, two].map((node) => node?.remove()));
});

const known = async (node: Node) => (await node.must<Peers>('peers', '--known')).peers;
const dialled = async (node: Node) =>
  (await node.must<Peers>('peers')).peers
    .filter(({ direction }) => direction === 'out')
    .map(({ node_key: key }) => key);

const connectedTo = async (node: Node) =>
  (await node.must<Peers>('peers')).peers.map(({ node_key: key }) => key);

test('two nodes that know one bootstrap node find each other', async () => {
  const answeredKeys = async (node: Node) =>
    (await known(node)).filter(({ state }) => state === 'answered').map(({ node_key: key }) => key);
  await expect.poll(() => answeredKeys(two), within).toContain(one.ready.node_key);
  await expect
    .poll(() => answeredKeys(seed), within)
    .toEqual(expect.arrayContaining([one.ready.node_key, two.ready.node_key]));
  const row = (await known(two)).find(({ node_key: key }) => key === one.ready.node_key)!;
  expect(row.address).toBe(one.address);
  const { seeds } = await two.must<Seeds>('seeds');
  expect(seeds).toMatchObject([
    { address: bootstrap, origin: 'configuration', state: 'connected', error: null },
  ]);
});

test('with its whole bootstrap list dead, a node comes back through the peers it knew', async () => {
  await two.must('stop');
  await two.kill();
  await seed.kill();
  two = await Node.start({ home: two.home, args: [...ARGS, '--bootstrap', bootstrap] });
  await expect.poll(() => dialled(two), within).toEqual([one.ready.node_key]);
  const { seeds } = await two.must<Seeds>('seeds');
  expect(seeds).toMatchObject([{ state: 'failing', error: { code: 'E_PEER_UNREACHABLE' } }]);
});

test('seeds are added and removed live, and kept over kill -9; a wrong pin is told', async () => {
  const wrong = `${one.address}@${'ab'.repeat(32)}`;
  const added = await two.must<Seeds>('seeds', 'add', wrong);
  expect(added.seeds.map(({ address, origin }) => [address, origin])).toEqual([
    [wrong, 'live'],
    [bootstrap, 'configuration'],
  ]);
  const state = async (at: number) => (await two.must<Seeds>('seeds')).seeds[at]!;
  // Connected it may be, but not by that key: the pin is tried as soon as the connection is not there any more.
  await two.kill();
  two = await Node.start({ home: two.home, args: [...ARGS, '--bootstrap', bootstrap] });
  await expect
    .poll(() => state(0), within)
    .toMatchObject({ address: wrong, error: { code: 'E_PEER_IDENTITY' } });
  expect(await two.run('seeds', 'remove', bootstrap)).toMatchObject({ code: 2, error: { code: 'E_CONFIG' } });
  expect(await two.run('seeds', 'remove', 'tcp://192.0.2.1:1')).toMatchObject({
    code: 3,
    error: { code: 'E_NOT_FOUND' },
  });
  expect(await two.run('seeds', 'add', 'nonsense')).toMatchObject({
    code: 2,
    error: { code: 'E_ADDRESS_INVALID' },
  });
  expect((await two.must<Seeds>('seeds', 'remove', wrong)).seeds).toHaveLength(1);
  const good = `${one.address}@${one.ready.node_key}`;
  await two.must('seeds', 'add', good);
  await expect.poll(() => state(0), within).toMatchObject({ address: good, state: 'connected' });
});

test('an invite has this node and its living bootstrap nodes; another node joins by it', async () => {
  const { share_id: shareId } = await two.must<{ share_id: string }>(
    'publish',
    import.meta.filename,
    '--public',
    '--share',
    'tests',
  );
  await two.must('publish', import.meta.filename, '--share', 'quiet');
  const invited = await two.must<Invite>('invite');
  expect(invited).toMatchObject({ node_key: two.ready.node_key, reach: 'loopback' });
  expect(invited.addresses).toEqual([`${two.address}@${two.ready.node_key}`]);
  expect(invited.bootstrap).toEqual([`${one.address}@${one.ready.node_key}`]);
  expect(invited.links.map(({ share_id: id }) => id)).toEqual([shareId]);
  const { links } = await two.must<Invite>('invite', 'quiet');
  const parsed = parseShareLink(links[0]!.link);
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(parsed.link.bootstrap.map(({ port }) => `tcp://127.0.0.1:${port}`)).toEqual([
    two.address,
    one.address,
  ]);
  expect(await one.must('subscribe', invited.links[0]!.link)).toMatchObject({ share_id: shareId, seq: 1 });
  // Of a subscribed share too.
  const passed = await one.must<Invite>('invite', shareId.slice(0, 8));
  expect(passed.links[0]).toMatchObject({ share_id: shareId });
  expect(await two.run('invite', 'nothing')).toMatchObject({ code: 3, error: { code: 'E_NOT_FOUND' } });
});

test('a ban ends what there is, holds in both directions and over kill -9, until it is lifted', async () => {
  const key = one.ready.node_key;
  const address = `${one.address}@${key}`;
  const connect = () => two.run('connect', address);
  expect((await connect()).ok).toBe(true);
  expect(await two.must<Bans>('ban', key)).toMatchObject({
    changed: true,
    bans: [{ target: key, kind: 'key' }],
  });
  await expect.poll(() => dialled(two), within).not.toContain(key);
  expect(await connect()).toMatchObject({ code: 4, error: { code: 'E_PEER_BANNED' } });
  // The handshake tells who it is, and ends it.
  await one.run('connect', two.address);
  await expect.poll(() => connectedTo(two), within).not.toContain(key);
  await two.kill();
  two = await Node.start({ home: two.home, args: ARGS, listen: two.address });
  expect(await connect()).toMatchObject({ error: { code: 'E_PEER_BANNED' } });
  await two.must('ban', key, '--remove');
  await expect.poll(async () => (await connect()).ok, within).toBe(true);

  await two.must('ban', '127.0.0.0/8');
  await expect.poll(async () => (await connect()).error?.code, within).toBe('E_PEER_BANNED');
  await expect.poll(async () => (await one.run('connect', two.address)).ok, within).toBe(false);
  expect((await two.must<Bans>('ban')).bans.map(({ target }) => target)).toEqual(['127.0.0.0/8']);
  await two.must('ban', '127.0.0.0/8', '--remove');
  await expect.poll(async () => (await one.run('connect', two.address)).ok, within).toBe(true);
  expect(await two.run('ban', 'nobody')).toMatchObject({ code: 2, error: { code: 'E_USAGE' } });
  expect(await two.run('ban', '192.0.2.1', '--remove')).toMatchObject({
    code: 3,
    error: { code: 'E_NOT_FOUND' },
  });
});

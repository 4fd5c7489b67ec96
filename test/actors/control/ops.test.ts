import { expect, test } from 'vitest';
import type { ControlRefs } from '../../../src/actors/control/control-refs.ts';
import { operations } from '../../../src/actors/control/operations.ts';
import type { OwnShare, Subscription } from '../../../src/actors/share-types.ts';
import type { SessionInfo } from '../../../src/actors/transport/contract.ts';
import { parseShareLink } from '../../../src/protocol/links/share-link.ts';

// The mapping from what actors say to what commands promise, field by field.

const OWN = 'aa'.repeat(32);
const OTHER = `ab${'bb'.repeat(31)}`;
const KEY = 'cc'.repeat(32);
const NODE_KEY = 'dd'.repeat(32);

const own: OwnShare = {
  shareId: OWN,
  shareKey: KEY,
  name: 'music',
  title: null,
  public: true,
  seq: 3,
  manifestId: 'ee'.repeat(32),
  items: 2,
  bytes: 10,
  updatedAt: 1_767_225_600,
  roots: [{ path: '/music', kind: 'folder', inside: '' }],
  tags: ['live'],
  volumes: 0,
  watch: false,
  unsure: false,
};

const subscription: Subscription = {
  shareId: OTHER,
  shareKey: KEY,
  trust: 'normal',
  weight: 1,
  peers: [],
  title: 'Records',
  description: null,
  seq: null,
  manifestId: null,
  source: null,
  items: 0,
  bytes: 0,
  volumes: [],
  root: null,
  lastSync: null,
  lastError: { code: 'E_TIMEOUT', message: 'late' },
};

const session: SessionInfo = {
  nodeKey: NODE_KEY,
  nodeId: '11'.repeat(32),
  address: 'tcp://192.0.2.1:7001',
  transport: 'tcp',
  bound: 'tls',
  native: true,
  direction: 'out',
  dialect: '2/8',
  since: 1_767_225_600,
  bytesUp: 1,
  bytesDown: 2,
  rateUp: 3,
  rateDown: 4,
  capabilities: ['content_seed'],
};

const item = {
  contentId: 'ff'.repeat(32),
  size: 5,
  name: 'a.flac',
  path: null,
  mime: null,
  tags: [],
  chunkCount: 1,
  chunkListHash: '00'.repeat(32),
  shareId: OTHER,
};

type Answers = Record<string, (request: never) => unknown>;

/** Actors that answer from a table; what they were asked is kept. */
function refsOf(tables: Record<string, Answers>) {
  const asked: [string, unknown][] = [];
  const ref = (actor: string) => ({
    ask: async (name: string, request: never) => {
      asked.push([`${actor}.${name}`, request]);
      const answer = tables[actor]?.[name];
      if (!answer) throw new Error(`${actor}.${name} was not expected`);
      return answer(request);
    },
    tell: (name: string) => {
      asked.push([`${actor}.${name}`, null]);
      return true;
    },
    stream: (name: string, request: never) => {
      asked.push([`${actor}.${name}`, request]);
      return tables[actor]?.[name]?.(request);
    },
  });
  const names = ['supervisor', 'store', 'acceptor', 'quic', 'publish', 'sync', 'search', 'transfer', 'dht'];
  const transport = ref('transport');
  const refs = {
    ...Object.fromEntries(names.map((name) => [name, ref(name)])),
    transport: { size: 2, member: () => transport, route: () => transport },
  } as unknown as ControlRefs;
  return { refs, asked };
}

const NO_CHANGES = {
  revision: 'a.7',
  reset: true,
  more: false,
  shares: [] as string[],
  relist: [] as string[],
  files: [] as unknown[],
  places: [] as unknown[],
};

const REMOTE = { roots: null, states: ['remote'] };
const OWN_PLACES = { roots: [{ path: '/music', kind: 'folder', inside: '' }], sources: [null] };

const store: Answers = {
  ownShares: () => [own],
  subscriptions: () => [subscription],
  identity: () => ({ nodeKey: NODE_KEY, nodeId: '11'.repeat(32) }),
  items: () => ({ items: [item], places: REMOTE, next: 1000, revision: 'a.7' }),
  changes: () => ({ ...NO_CHANGES }),
};
const acceptor: Answers = {
  addresses: () => ({ bound: ['tcp://0.0.0.0:7001'], advertised: ['tcp://192.0.2.9:7001'] }),
};
const signal = new AbortController().signal;
const FIRST = { cursor: 0, limit: 1000 };

test('subs', async () => {
  const disagreement = { kind: 'fork', seq: 3, peers: ['tcp://192.0.2.1:7001'], since: 1_767_225_600 };
  const health = () => [{ shareId: OTHER, disagreement, failures: 2, nextTry: 1_767_225_600 }];
  const { refs } = refsOf({ store, sync: { health } });
  expect(await operations.subs.run(refs, FIRST, signal)).toEqual({
    subscriptions: [
      {
        share_id: OTHER,
        title: 'Records',
        seq: null,
        items: 0,
        bytes: 0,
        volumes: 0,
        trust: 'normal',
        weight: 1,
        last_sync: null,
        last_error: { code: 'E_TIMEOUT', message: 'late' },
        disagreement: { ...disagreement, since: '2026-01-01T00:00:00.000Z' },
        failures: 2,
        next_try: '2026-01-01T00:00:00.000Z',
      },
    ],
    next: null,
    revision: 'a.7',
  });
});

test('lists come in pages', async () => {
  const publish: Answers = { shareStates: () => [] };
  const { refs } = refsOf({ store, acceptor, publish });
  const first = await operations.shares.run(refs, { cursor: 0, limit: 1 }, signal);
  expect(first).toMatchObject({ shares: [{ share_id: OWN }], next: 1, revision: 'a.7' });
  const second = await operations.shares.run(refs, { cursor: 1, limit: 1 }, signal);
  expect(second).toMatchObject({ shares: [{ share_id: OTHER }], next: null });
  expect(await operations.shares.run(refs, { cursor: 9, limit: 1 }, signal)).toMatchObject({ shares: [] });
});

test('changes: rows as they are now, and what went', async () => {
  const publish: Answers = { shareStates: () => [], itemStates: () => ['shared'] };
  const gone = '77'.repeat(32);
  const found = {
    ...NO_CHANGES,
    revision: 'a.9',
    reset: false,
    shares: [OWN, gone],
    relist: [OTHER],
    files: [
      { shareId: OWN, path: 'a.flac', item: { ...item, shareId: OWN } },
      { shareId: OTHER, path: 'a.flac', item },
      { shareId: OTHER, path: 'b.flac', item: null },
    ],
    places: [
      { shareId: OWN, places: OWN_PLACES },
      { shareId: OTHER, places: REMOTE },
    ],
  };
  const { refs, asked } = refsOf({ store: { ...store, changes: () => found }, acceptor, publish });
  const result = await operations.changes.run(refs, { since: 'a.7', limit: 10 }, signal);
  expect(result).toMatchObject({
    revision: 'a.9',
    reset: false,
    more: false,
    shares: [{ share_id: OWN, name: 'music' }],
    shares_gone: [gone],
    relist: [OTHER],
    items: [
      { share_id: OWN, path: 'a.flac', state: 'shared' },
      { share_id: OTHER, path: 'a.flac', state: 'remote' },
    ],
    items_gone: [{ share_id: OTHER, path: 'b.flac' }],
  });
  expect(asked).toContainEqual(['store.changes', { since: 'a.7', limit: 10 }]);
});

test('shares: the own ones with a link that names this node', async () => {
  const publish: Answers = { shareStates: () => [{ shareId: OWN, state: 'offline' }] };
  const { refs } = refsOf({ store, acceptor, publish });
  const { shares } = await operations.shares.run(refs, FIRST, signal);
  expect(shares[0]).toMatchObject({
    share_id: OWN,
    own: true,
    name: 'music',
    updated_at: '2026-01-01T00:00:00.000Z',
    state: 'offline',
    paths: ['/music'],
    tags: ['live'],
  });
  const link = parseShareLink(shares[0]!.link!);
  expect(link.ok && link.link.bootstrap).toMatchObject([{ host: '192.0.2.9', port: 7001 }]);
  expect(shares[1]).toMatchObject({ share_id: OTHER, own: false, title: 'Records', link: null, state: null });
});

test.each([true, false])('unshare: by name, the key forgotten or not (%s)', async (forget) => {
  const { refs, asked } = refsOf({ store, publish: { unshare: () => ({ name: 'music', items: 2 }) } });
  expect(await operations.unshare.run(refs, { share: 'music', forget_key: forget }, signal)).toEqual({
    share_id: OWN,
    name: 'music',
    items: 2,
    key: forget ? 'forgotten' : 'kept',
  });
  expect(asked.at(-1)).toEqual(['publish.unshare', { shareId: OWN, forgetKey: forget }]);
});

test('items: as the store has them, own ones as they look on the disk, the path filled in', async () => {
  const body = { share: 'music', cursor: 0, limit: 10 };
  const entry = { content_id: item.contentId, path: 'a.flac', name: 'a.flac', size: 5, chunks: 1 };
  const publish: Answers = { itemStates: () => ['stale'] };
  const theirs = refsOf({ store, publish });
  expect(await operations.items.run(theirs.refs, body, signal)).toEqual({
    items: [{ ...entry, state: 'remote' }],
    next: 1000,
    revision: 'a.7',
  });
  expect(theirs.asked).toEqual([['store.items', body]]);
  const items = () => ({ items: [item], places: OWN_PLACES, next: null, revision: 'a.8' });
  const ours = refsOf({ store: { items }, publish });
  expect(await operations.items.run(ours.refs, body, signal)).toEqual({
    items: [{ ...entry, state: 'stale' }],
    next: null,
    revision: 'a.8',
  });
  // A page is one question to each.
  expect(ours.asked).toEqual([
    ['store.items', body],
    ['publish.itemStates', OWN_PLACES],
  ]);
});

test('a share is named by name, by id, or by the beginning of an id; not by what fits two or none', async () => {
  const sync: Answers = { sync: () => [] };
  const { refs, asked } = refsOf({ store, sync });
  for (const share of ['music', OWN.toUpperCase(), 'aaaaaa'])
    await operations.sync.run(refs, { share }, signal);
  expect(asked.filter(([name]) => name === 'sync.sync').map(([, request]) => request)).toEqual(
    Array.from({ length: 3 }, () => ({ shareId: OWN })),
  );
  await expect(operations.sync.run(refs, { share: 'nothing' }, signal)).rejects.toMatchObject({
    code: 'E_NOT_FOUND',
  });
  const twins = [own, { ...own, shareId: `aaaaaa${'0'.repeat(58)}`, name: 'twin' }];
  const two = refsOf({ store: { ...store, ownShares: () => twins }, sync });
  await expect(operations.sync.run(two.refs, { share: 'aaaaaa' }, signal)).rejects.toMatchObject({
    code: 'E_USAGE',
  });
});

test('get: the share of the target is spelt out', async () => {
  const transfer: Answers = {
    download: async function* () {
      yield { kind: 'progress', progress: { phase: 'fetch', bytes: 1 } };
      yield { kind: 'done', result: { files: [], bytes: 5 } };
    },
  };
  const { refs, asked } = refsOf({ store, transfer });
  const events: unknown[] = [];
  const stream = operations.get.run(refs, { target: 'music/b/c', directory: '/d' }, signal);
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) events.push(next.value);
  expect(events).toEqual([{ event: 'progress', phase: 'fetch', bytes: 1 }]);
  expect(next.value).toMatchObject({ bytes: 5 });
  expect(asked.at(-1)).toEqual(['transfer.download', { target: `${OWN}/b/c`, directory: '/d' }]);
});

test('peers of every shard, and connect with a pinned key', async () => {
  const { refs, asked } = refsOf({ transport: { sessions: () => [session], connect: () => session } });
  const row = {
    node_id: session.nodeId,
    node_key: NODE_KEY,
    address: 'tcp://192.0.2.1:7001',
    transport: 'tcp',
    bound: 'tls',
    native: true,
    direction: 'out',
    dialect: '2/8',
    since: '2026-01-01T00:00:00.000Z',
    bytes_up: 1,
    bytes_down: 2,
    rate_up: 3,
    rate_down: 4,
    capabilities: ['content_seed'],
  };
  expect(await operations.peers.run(refs, FIRST, signal)).toEqual({ peers: [row, row], next: null });
  const address = `192.0.2.1:7001@${NODE_KEY.toUpperCase()}`;
  expect(await operations.connect.run(refs, { address }, signal)).toEqual({ peers: [row] });
  expect(asked.at(-1)).toEqual(['transport.connect', { address: 'tcp://192.0.2.1:7001', nodeKey: NODE_KEY }]);
  await expect(operations.connect.run(refs, { address: 'nowhere' }, signal)).rejects.toMatchObject({
    code: 'E_ADDRESS_INVALID',
  });
});

test('dht: what it counts, and its table in pages', async () => {
  const status = {
    ...{ nodes: 2, buckets: 1, values: 3, valueBytes: 4, headsChecked: 5, headsUnchecked: 6 },
    ...{ lookups: 7, lookupsRunning: 1, requests: 8, requestsFailed: 2, storesTaken: 9, storesRefused: 10 },
    ...{ published: 11, replicas: 12 },
    announce: {
      ...{ state: 'on', items: 20, announced: 19, due: 3, backlog: 1, unreached: 0 },
      ...{ next: 1_767_225_600, perSecond: 1.2345, stores: 13, lookups: 14 },
    },
  };
  const node = {
    ...{ nodeKey: NODE_KEY, nodeId: '22'.repeat(20), address: 'tcp://192.0.2.1:7001', native: false },
    ...{ dialect: '1/5', bucket: 0, seen: 1_767_225_600, failures: 1 },
  };
  const { refs } = refsOf({ dht: { status: () => status, table: () => [node, node] } });
  const result = await operations.dht.run(refs, { cursor: 0, limit: 1 }, signal);
  expect(result).toMatchObject({
    ...{ nodes: 2, values: 3, value_bytes: 4, heads_checked: 5, heads_unchecked: 6, lookups_running: 1 },
    ...{ requests_failed: 2, stores_taken: 9, stores_refused: 10, published: 11, replicas: 12, next: 1 },
    announce: {
      ...{ state: 'on', items: 20, announced: 19, due: 3, backlog: 1, unreached: 0, per_second: 1.23 },
      ...{ next: '2026-01-01T00:00:00.000Z', stores: 13, lookups: 14 },
    },
  });
  expect(result.table).toEqual([
    {
      ...{ node_id: node.nodeId, node_key: NODE_KEY, address: node.address, native: false, dialect: '1/5' },
      ...{ bucket: 0, seen: '2026-01-01T00:00:00.000Z', failures: 1 },
    },
  ]);
});

test('stats: bytes are the sum over the transport shards', async () => {
  const actors = [0, 1].map((member) => ({
    name: `transport/${member}`,
    thread: member,
    state: 'up',
    restarts: 0,
    mailbox: 0,
    utilisation: 0,
    metrics: { bytes_up: 10, bytes_down: 1, disk_read: 7, disk_written: 2 },
  }));
  const status = {
    version: '1.0.0',
    pid: 7,
    home: '/h',
    uptime: 9,
    actors,
    tree: {
      name: 'root',
      strategy: 'rest_for_one',
      intensity: 3,
      periodMs: 60_000,
      recent: 1,
      children: [
        {
          actor: 'store',
          state: 'up',
          health: 'healthy',
          restarts: 1,
          refused: 4,
          lastDeath: { cause: 'hung', message: null },
        },
      ],
    },
    memory: { rss: 1, heap: 1, external: 1 },
    cpu: { user: 1, system: 2 },
  };
  const quic = { state: 'idle', reason: null, engine: null, pid: null, restarts: 0, rss: 0, streams: 0 };
  const { refs } = refsOf({
    store,
    acceptor,
    supervisor: { status: () => status, memory: () => ({ 'transport/1': 5 }) },
    transport: { sessions: () => [session] },
    quic: { status: () => quic },
  });
  expect(await operations.stats.run(refs, {}, signal)).toEqual({
    node: {
      node_id: '11'.repeat(32),
      node_key: NODE_KEY,
      version: '1.0.0',
      pid: 7,
      home: '/h',
      addresses: ['tcp://192.0.2.9:7001'],
    },
    actors: actors.map((actor, member) => ({ ...actor, memory: member * 5 })),
    tree: {
      name: 'root',
      strategy: 'rest_for_one',
      intensity: 3,
      period: 60,
      recent: 1,
      children: [
        {
          actor: 'store',
          state: 'up',
          health: 'healthy',
          restarts: 1,
          refused: 4,
          last_death: { cause: 'hung', message: null },
        },
      ],
    },
    bytes: { up: 20, down: 2, disk_read: 14, disk_written: 4 },
    rates: { up: 6, down: 8 },
    sessions: 2,
    transports: { tcp: 2, quic: 0 },
    quic,
    memory: status.memory,
    cpu: status.cpu,
    uptime: 9,
  });
});

test('unsubscribing from a share that is not subscribed is not found', async () => {
  const { refs } = refsOf({ store, sync: { unsubscribe: () => ({ removed: false }) } });
  await expect(operations.unsubscribe.run(refs, { share: OWN }, signal)).rejects.toMatchObject({
    code: 'E_NOT_FOUND',
  });
});

test('queue, pause, resume, cancel, add: rows as they are, instants for seconds', async () => {
  const row = {
    ...{
      id: '0a1b2c3d4e5f',
      content_id: null,
      path: '/d',
      state: 'active',
      bytes: 1,
      bytes_total: 2,
      rate: 3,
    },
    ...{ peers: 4, error: null, target: OTHER, directory: '/d', files: 0, files_total: 1, eta: null },
    ...{ priority: 0, added: 1_767_225_600 },
  };
  const { refs, asked } = refsOf({
    store,
    transfer: {
      queue: () => [row],
      pause: () => [row],
      resume: () => [row],
      cancel: () => [],
      add: () => row,
    },
  });
  const listed = { transfers: [{ ...row, added: '2026-01-01T00:00:00.000Z' }] };
  expect(await operations.queue.run(refs, FIRST, signal)).toEqual({ ...listed, next: null });
  expect(await operations.pause.run(refs, { ids: ['0a'] }, signal)).toEqual(listed);
  expect(await operations.resume.run(refs, { ids: null, priority: 3 }, signal)).toEqual(listed);
  expect(await operations.cancel_transfers.run(refs, { ids: null }, signal)).toEqual({ transfers: [] });
  const body = { target: `${OTHER.slice(0, 8)}/a`, directory: '/d', priority: 3 };
  expect(await operations.add.run(refs, body, signal)).toEqual(listed);
  expect(asked.filter(([name]) => name.startsWith('transfer.'))).toEqual([
    ['transfer.queue', null],
    ['transfer.pause', { ids: ['0a'] }],
    ['transfer.resume', { ids: null, priority: 3 }],
    ['transfer.cancel', { ids: null }],
    ['transfer.add', { ...body, target: `${OTHER}/a` }],
  ]);
});

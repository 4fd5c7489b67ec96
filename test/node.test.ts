import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { syncContract } from '../src/actors/sync/contract.ts';
import { contracts } from '../src/index.ts';
import { createNode, type GranaryNode, type SettingsOwner } from '../src/node.ts';

// A start is ten threads, each with modules of its own: on a machine that is busy it takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const until = (holds: () => void) => vi.waitFor(holds, { timeout: 60_000, interval: 20 });

const homes: string[] = [];
afterAll(async () => {
  for (const home of homes) await rm(home, { recursive: true, force: true });
});

async function start(owner: SettingsOwner | null, sync = {}): Promise<GranaryNode> {
  const home = await mkdtemp(join(tmpdir(), 'granary-node-'));
  homes.push(home);
  const settings = {
    home,
    logLevel: 'silent' as const,
    shards: 1,
    store: { keys: 'plain' as const },
    acceptor: { listen: ['tcp://127.0.0.1:0'] },
    sync,
    control: { socket: join(home, 'run', 'control.sock') },
  };
  return await createNode(settings, undefined, owner);
}

describe('live settings', () => {
  let node: GranaryNode;
  const reloaded = { applied: ['sync.interval_seconds'], needs_restart: [], unchanged: 20 };
  const owner: SettingsOwner = {
    rows: () => [],
    async reload(apply) {
      await apply({ sync: { intervalSeconds: 0.02 } });
      return reloaded;
    },
  };
  beforeAll(async () => {
    node = await start(owner, { intervalSeconds: 0 });
  });
  afterAll(async () => {
    await node?.stop();
  });

  const passes = (): number =>
    node.status().actors.find(({ name }) => name === 'sync')?.metrics.passes ?? Number.NaN;
  async function passesGoOn(): Promise<void> {
    const before = passes();
    await until(() => expect(passes()).toBeGreaterThan(before + 2));
  }
  /** A message of another form is a bug of ours, and the actor dies for it. */
  async function crash(): Promise<void> {
    const asked = node.supervisor.ref(syncContract).ask('configure', null as never);
    // Its last word and its end are on the way at once.
    await expect(asked).rejects.toMatchObject({
      code: expect.stringMatching(/^E_ACTOR_(CRASHED|DOWN)$/) as string,
    });
  }

  test('typed calls by the contracts, as a program that embeds the node makes them', async () => {
    const request = { title: 'T', public: true, tags: null, share: null, watch: null };
    const paths = [join(import.meta.dirname, 'node.test.ts')];
    const events = [];
    const publish = node.supervisor.ref(contracts.publish);
    for await (const event of publish.stream('publish', { ...request, paths })) events.push(event);
    expect(events.at(-1)).toMatchObject({ kind: 'done', result: { items: 1, seq: 1 } });
    expect(await node.supervisor.ref(contracts.store).ask('ownShares', null)).toMatchObject([{ title: 'T' }]);
  });

  test('count at once, and for every later life of the actor', async () => {
    expect(passes()).toBe(0);
    await node.configure({ sync: { intervalSeconds: 0.02 } });
    await passesGoOn();
    const restarted = new Promise<void>((resolve) => {
      const remove = node.on('actor-restarted', () => {
        remove();
        resolve();
      });
    });
    await crash();
    await restarted;
    await passesGoOn();
  });

  test('that meet an actor between two lives are in force in the next one', async () => {
    await node.configure({ sync: { intervalSeconds: 0 } });
    await crash();
    await node.configure({ sync: { intervalSeconds: 0.02 } });
    await passesGoOn();
  });

  test('out of bounds are E_CONFIG, and change nothing', async () => {
    await expect(node.configure({ sync: { intervalSeconds: -1 } })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('sync.intervalSeconds') as string,
    });
    await expect(node.configure({ search: { stemming: 'klingon' as never } })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('search.stemming') as string,
    });
    await passesGoOn();
  });

  test('of one group leave the others as they are', async () => {
    await node.configure({ search: { stemming: 'english' } });
    await passesGoOn();
    await node.configure({ search: { stemming: 'off' } });
  });

  test('are read again by their owner, and what it applies reaches the actors', async () => {
    await node.configure({ sync: { intervalSeconds: 0 } });
    expect(await node.reload()).toEqual(reloaded);
    await passesGoOn();
  });
});

test('without an owner of the settings there is nothing to read again', async () => {
  const node = await start(null);
  await expect(node.reload()).rejects.toMatchObject({ code: 'E_NO_SETTINGS' });
  await node.stop();
});

test('a node with values out of bounds does not start', async () => {
  await expect(start(null, { intervalSeconds: 'often' })).rejects.toMatchObject({ code: 'E_CONFIG' });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigReload } from '../../src/actors/supervisor/contract.ts';
import { failure } from '../../src/errors.ts';
import type { NodeSettings } from '../../src/node.ts';
import { nodeSettings } from '../../src/settings/node-settings.ts';
import type { SettingProblem } from '../../src/settings/problem.ts';
import { RunningSettings, settingsOfRows } from '../../src/settings/running-settings.ts';
import { SETTING_KEYS, type Settings } from '../../src/settings/schema.ts';

let home: string;
let told: (ConfigReload | { rejected: readonly SettingProblem[] })[];
let applied: Settings[];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-running-'));
  told = [];
  applied = [];
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const file = (text: string) => writeFile(join(home, 'config.toml'), text);
const apply = async (settings: Settings) => void applied.push(settings);
const start = (flags: [string, unknown][] = []) =>
  RunningSettings.load(
    { home, env: {}, flags: new Map(flags) },
    { reloaded: (result) => void told.push(result), rejected: (rejected) => void told.push({ rejected }) },
  );
const row = (running: RunningSettings, key: string) => running.rows().find((each) => each.key === key);
const ALL = SETTING_KEYS.length;

test('live settings are applied, others wait by name, and go on waiting', async () => {
  const running = await start();
  await file('[sync]\ninterval_seconds = 5\n[network]\nmax_pending = 4\nbootstrap = ["tcp://192.0.2.1:1"]\n');
  const expected = {
    applied: ['network.bootstrap', 'sync.interval_seconds'],
    needs_restart: ['network.max_pending'],
    unchanged: ALL - 3,
  };
  expect(await running.reload(apply)).toEqual(expected);
  expect(told).toEqual([expected]);
  expect(
    applied.map(({ sync, network }) => [sync.interval_seconds, network.bootstrap, network.max_pending]),
  ).toEqual([[5, ['tcp://192.0.2.1:1'], 512]]);
  const path = join(home, 'config.toml');
  expect(row(running, 'sync.interval_seconds')).toEqual({
    key: 'sync.interval_seconds',
    value: 5,
    origin: `file ${path}:2`,
  });
  expect(row(running, 'network.max_pending')).toEqual({
    key: 'network.max_pending',
    value: 512,
    origin: 'default',
    after_restart: 4,
  });

  expect(await running.reload(apply)).toEqual({
    applied: [],
    needs_restart: ['network.max_pending'],
    unchanged: ALL - 1,
  });
  expect(applied).toHaveLength(1);

  // Taken back before it came into force.
  await file('[sync]\ninterval_seconds = 5\n');
  expect(await running.reload(apply)).toMatchObject({ applied: ['network.bootstrap'], needs_restart: [] });
  expect(row(running, 'network.max_pending')).not.toHaveProperty('after_restart');
});

test('a value that moved to another place is unchanged, and told from its new place', async () => {
  await file('[network]\nmax_pending = 4\n');
  const running = await start();
  await file('\n\n[network]\nmax_pending = 4\n');
  expect(await running.reload(apply)).toEqual({ applied: [], needs_restart: [], unchanged: ALL });
  expect(row(running, 'network.max_pending')?.origin).toBe(`file ${home}/config.toml:4`);
});

test('a flag wins over the file after a reload as before', async () => {
  const running = await start([['sync.interval_seconds', '7']]);
  await file('[sync]\ninterval_seconds = 5\n');
  expect(await running.reload(apply)).toMatchObject({ applied: [], unchanged: ALL });
  expect(row(running, 'sync.interval_seconds')).toMatchObject({ value: 7, origin: 'flag' });
});

describe('nothing changes', () => {
  test.each([
    ['is not valid', '[sync]\ninterval_seconds = -1\n[network]\nbootstrap = ["tcp://192.0.2.1:1"]\n'],
    ['is no TOML', '[sync\n'],
  ])('when the file %s: E_CONFIG, and the errors are told', async (_, text) => {
    await file('[sync]\ninterval_seconds = 9\n');
    const running = await start();
    const before = running.rows();
    await file(text);
    await expect(running.reload(apply)).rejects.toMatchObject({
      code: 'E_CONFIG',
      next: expect.stringContaining('the node goes on as it was') as string,
    });
    expect(told).toMatchObject([
      { rejected: [{ origin: expect.stringContaining('config.toml:') as string }] },
    ]);
    expect(applied).toEqual([]);
    expect(running.rows()).toEqual(before);
    // It is the file that was wrong, not the node: mended, it counts.
    await file('[sync]\ninterval_seconds = 8\n');
    expect(await running.reload(apply)).toMatchObject({ applied: ['sync.interval_seconds'] });
  });

  test('when the node does not take it', async () => {
    const running = await start();
    await file('[sync]\ninterval_seconds = 5\n');
    const busy = failure('E_TIMEOUT', 'no answer');
    await expect(running.reload(() => Promise.reject(busy))).rejects.toBe(busy);
    expect(row(running, 'sync.interval_seconds')).toMatchObject({ value: 60, origin: 'default' });
    expect(await running.reload(apply)).toMatchObject({ applied: ['sync.interval_seconds'] });
  });
});

test('two reloads never run into each other', async () => {
  const running = await start();
  const order: string[] = [];
  await file('[sync]\ninterval_seconds = 5\n');
  const first = running.reload(async () => {
    order.push('begin');
    await file('[sync]\ninterval_seconds = 6\n');
    order.push('end');
  });
  const second = running.reload(async ({ sync }) => void order.push(`then ${sync.interval_seconds}`));
  await Promise.all([first, second]);
  expect(order).toEqual(['begin', 'end', 'then 6']);
});

test('what a node may take over live is exactly what the actors that take a configuration over are given', async () => {
  const running = await start();
  const rows = running.rows();
  const other: Record<string, unknown> = {
    text: 'x',
    number: 77,
    boolean: true,
    list: ['tcp://192.0.2.9:9'],
  };
  for (const { key, kind, live, schema } of SETTING_KEYS) {
    const value = [other[kind], 'plain', '1MB/s', ['daily 00:00-01:00 up=0'], ['day.up=1GB']].find(
      (each) => schema.safeParse(each).success,
    );
    if (value === undefined) continue;
    const changed = settingsOfRows(rows.map((each) => (each.key === key ? { ...each, value } : each)));
    // Read before the node is made, by whoever starts it.
    if (key === 'store.passphrase_file') continue;
    const [before, after] = [running.settings, changed].map((settings) => nodeSettings('/h', '/s', settings));
    expect(after, key).not.toEqual(before);
    const taken = ({ dht, sync, limits, transport, transfer, hashing, shards }: NodeSettings) =>
      JSON.stringify({ dht, sync, limits, transport, transfer, hashing, shards });
    expect({ key, live: taken(after!) !== taken(before!) }).toEqual({ key, live });
  }
});

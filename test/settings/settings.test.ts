import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { homeFolder } from '../../src/settings/home.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { editDistance, nearest } from '../../src/settings/nearest.ts';
import { nodeSettings } from '../../src/settings/node-settings.ts';
import { socketPath } from '../../src/settings/run-folder.ts';
import { SETTING_KEYS } from '../../src/settings/schema.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-settings-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const file = (text: string) => writeFile(join(home, 'config.toml'), text);
const load = (env: Record<string, string> = {}, flags: [string, unknown][] = []) =>
  loadSettings({ home, env, flags: new Map(flags) });

describe('precedence', () => {
  test('flag, then environment, then file, then default; each value says where it is from', async () => {
    await file('[network]\nin_flight = 1\ndial_ms = 1001\nidle_ms = 1002\n');
    const { settings, origins } = await load(
      { GRANARY_NETWORK_IN_FLIGHT: '2', GRANARY_NETWORK_DIAL_MS: '2001' },
      [['network.in_flight', '3']],
    );
    const { in_flight, dial_ms, idle_ms, request_ms } = settings.network;
    expect([in_flight, dial_ms, idle_ms, request_ms]).toEqual([3, 2001, 1002, 10_000]);
    const keys = ['in_flight', 'dial_ms', 'idle_ms', 'request_ms'];
    expect(keys.map((name) => origins.get(`network.${name}`))).toEqual([
      'flag',
      'environment GRANARY_NETWORK_DIAL_MS',
      `file ${home}/config.toml:4`,
      'default',
    ]);
  });

  test('texts become lists, numbers and booleans', async () => {
    const { settings } = await load({
      GRANARY_NETWORK_LISTEN: 'tcp://127.0.0.1:0, tcp://[::1]:0',
      GRANARY_NETWORK_BOOTSTRAP: '',
      GRANARY_NETWORK_REQUIRE_BOUND: 'on',
      GRANARY_SYNC_INTERVAL_SECONDS: '0.5',
    });
    expect(settings.network.listen).toEqual(['tcp://127.0.0.1:0', 'tcp://[::1]:0']);
    expect(settings.network.bootstrap).toEqual([]);
    expect(settings.network.require_bound).toBe(true);
    expect(settings.sync.interval_seconds).toBe(0.5);
  });

  test('a named file is read instead of the one in the data folder, and must exist', async () => {
    await file('[node]\nlog_level = "debug"\n');
    const other = join(home, 'other.toml');
    await writeFile(other, '[node]\nlog_level = "warn"\n');
    const { settings } = await loadSettings({ home, config: other, env: {} });
    expect(settings.node.log_level).toBe('warn');
    await expect(loadSettings({ home, config: `${other}x`, env: {} })).rejects.toMatchObject({
      code: 'E_CONFIG',
      subject: `file ${other}x`,
    });
  });

  test('every setting can come from the environment', async () => {
    const env = Object.fromEntries(
      SETTING_KEYS.map(({ variable, kind, schema }) => {
        const value = schema.parse(undefined);
        return [variable, kind === 'list' ? (value as string[]).join(',') : String(value)];
      }),
    );
    const { settings, origins } = await load(env);
    expect(settings).toEqual((await load()).settings);
    expect([...origins.values()]).toEqual(SETTING_KEYS.map(({ variable }) => `environment ${variable}`));
  });
});

describe('mistakes are E_CONFIG and say where', () => {
  test.each([
    ['[network]\nlisten = ["tcp://0.0.0.0:1"]\nlissen = []\n', 'config.toml:3', 'network.listen'],
    ['\n[netwrok]\nlisten = []\n', 'config.toml:2', 'network'],
    ['[hashing]\n# a remark\nthread = 2\n', 'config.toml:3', 'hashing.threads'],
    ['[hashing.thread]\nx = 1\n', 'config.toml:1', 'hashing.threads'],
    ['[ "sync" ]\n"interval" = 2\n', 'config.toml:2', 'sync.interval_seconds'],
    ['network.in_fligth = 2\n', 'config.toml:1', 'network.in_flight'],
  ])('an unknown name in %j', async (text, line, meant) => {
    await file(text);
    await expect(load()).rejects.toMatchObject({
      code: 'E_CONFIG',
      subject: expect.stringContaining(line) as string,
      message: expect.stringContaining(`did you mean ${meant}?`) as string,
    });
  });

  test.each([
    ['[network]\nlisten = "tcp://0.0.0.0:1"\n', 'network.listen'],
    ['[network]\nin_flight = 1000\n', 'network.in_flight'],
    ['[store]\nkeys = "none"\n', 'store.keys'],
    ['store = 3\n', 'store must be a table'],
    ['[[store]]\nkeys = "plain"\n', 'store must be a table'],
    ['[node]\nlog_level = 2026-01-01\n', 'node.log_level'],
    ['[hashing]\nthreads = 1.5\n', 'hashing.threads'],
    ['[hashing]\nthreads = 99999999999999999999\n', 'line 2'],
    ['\u0000', 'line 1'],
    ['[node\nlog_level = "info"\n', 'line 1, column 6'],
    ['[network]\nlisten = ["tcp://localhost:1"]\n', 'its host is no IP address'],
  ])('a wrong value in %j', async (text, says) => {
    await file(text);
    await expect(load()).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining(says) as string,
    });
  });

  test('unknown and wrong variables and flags', async () => {
    await expect(load({ GRANARY_NETWORK_LISTEM: 'x' })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: 'unknown setting GRANARY_NETWORK_LISTEM; did you mean GRANARY_NETWORK_LISTEN?',
    });
    await expect(load({ GRANARY_HASHING_THREADS: 'many' })).rejects.toMatchObject({
      code: 'E_CONFIG',
      subject: 'environment GRANARY_HASHING_THREADS',
    });
    await expect(load({}, [['sync.interval', '1']])).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: 'unknown setting sync.interval; did you mean sync.interval_seconds?',
    });
    // Not ours to judge.
    await load({ GRANARY_HOME: '/x', GRANARY_TEST_REPORT: 'y' });
  });
});

describe('places', () => {
  test.each([
    [{ flag: '/a', env: { GRANARY_HOME: '/b' } }, '/a'],
    [{ env: { GRANARY_HOME: '/b', XDG_DATA_HOME: '/c' } }, '/b'],
    [{ env: { XDG_DATA_HOME: '/c' } }, '/c/granary'],
  ])('the data folder of %j', ({ flag, env }: { flag?: string; env: Record<string, string> }, expected) => {
    expect(homeFolder(flag, env)).toBe(expected);
  });

  test('without a word, the platform decides; a relative XDG_DATA_HOME is none', () => {
    expect(homeFolder(undefined, { XDG_DATA_HOME: 'c' }, 'linux')).toMatch(/\/\.local\/share\/granary$/);
    expect(homeFolder(undefined, {}, 'darwin')).toMatch(/\/Library\/Application Support\/granary$/);
  });

  test('the socket lies in the data folder while its path has at most 100 bytes', () => {
    const fits = `/${'h'.repeat(100 - '/run/control.sock'.length - 1)}`;
    expect(socketPath(fits, {})).toBe(`${fits}/run/control.sock`);
    const env = { XDG_RUNTIME_DIR: '/run/user/1000' };
    const long = `${fits}h`;
    expect(socketPath(long, env)).toMatch(/^\/run\/user\/1000\/granary\/[0-9a-f]{24}\.sock$/);
    expect(socketPath(long, {}, 1000)).toMatch(/^\/tmp\/granary-1000\/[0-9a-f]{24}\.sock$/);
    expect(socketPath(`${long}x`, env)).not.toBe(socketPath(long, env));
    // Bytes, not characters.
    expect(socketPath(`/${'ä'.repeat(60)}`, env)).toMatch(/^\/run\/user/);
  });
});

test('settings reach the actors under their own names', async () => {
  const { settings } = await load({}, [
    ['network.listen', ['tcp://127.0.0.1:0']],
    ['network.shards', '3'],
    ['network.in_flight', '7'],
    ['sync.interval_seconds', '5'],
  ]);
  const result = nodeSettings('/h', '/s', settings);
  expect(result).toMatchObject({
    home: '/h',
    shards: 3,
    transport: { inFlight: 7 },
    acceptor: { listen: ['tcp://127.0.0.1:0'] },
    sync: { intervalSeconds: 5 },
    control: { socket: '/s' },
  });
});

test('edit distance counts a swap as one, and stops at the limit', () => {
  expect(editDistance('listen', 'listen', 5)).toBe(0);
  expect(editDistance('lisetn', 'listen', 5)).toBe(1);
  expect(editDistance('listn', 'listen', 5)).toBe(1);
  expect(editDistance('a', 'abcdefgh', 3)).toBe(3);
  expect(nearest('zzzzzzzz', ['listen', 'dial_ms'])).toBeNull();
});

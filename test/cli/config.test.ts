import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigReload, SettingRow } from '../../src/actors/supervisor/contract.ts';
import { readSettings } from '../../src/settings/load.ts';
import type { SettingProblem } from '../../src/settings/problem.ts';
import { settingRows } from '../../src/settings/running-settings.ts';
import { SETTING_KEYS } from '../../src/settings/schema.ts';
import { controlTree } from '../actors/control/control-tree.ts';
import { resultOf, run } from './in-process.ts';

let home: string;
let env: Record<string, string>;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-config-'));
  env = { GRANARY_HOME: home };
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const file = (text: string) => writeFile(join(home, 'config.toml'), text);

describe('config check', () => {
  interface Result {
    valid: boolean;
    errors: SettingProblem[];
  }

  test('a valid configuration, and none at all: exit 0', async () => {
    const expected = { exit: 0, result: { valid: true, errors: [] } };
    expect(await resultOf<Result>(env, 'config', 'check')).toEqual(expected);
    await file('[sync]\ninterval_seconds = 5\n');
    expect(await resultOf<Result>(env, 'config', 'check', '--listen', 'tcp://127.0.0.1:0')).toEqual(expected);
  });

  test('everything that is wrong in file, environment and flags, at once: exit 2', async () => {
    await file(
      [
        '[network]',
        'lissen = []',
        'in_flight = 0',
        'listen = ["tcp://1.2.3.4:5", "localhost", "tcp://[::1]:7@00"]',
        '[nowhere.near]',
        'x = 1',
        '[sync]',
        'interval_seconds = 1',
      ].join('\n'),
    );
    const variables = { ...env, GRANARY_NODE_LOG_LEVEL: 'loud', GRANARY_SYNC_INTERVL_SECONDS: '3' };
    const flags = ['--set', 'sync.interval=1', '--shards', 'many', '--bootstrap', 'tcp://nobody'];
    const { exit, result } = await resultOf<Result>(variables, 'config', 'check', ...flags);
    expect(exit).toBe(2);
    expect(result.valid).toBe(false);
    const path = join(home, 'config.toml');
    expect(result.errors.map(({ key, nearest, origin }) => [key, nearest, origin])).toEqual([
      ['network.lissen', 'network.listen', `file ${path}:2`],
      ['network.in_flight', null, `file ${path}:3`],
      ['network.listen', null, `file ${path}:4`],
      ['network.listen', null, `file ${path}:4`],
      ['nowhere', null, `file ${path}:5`],
      ['node.log_level', null, 'environment GRANARY_NODE_LOG_LEVEL'],
      [
        'GRANARY_SYNC_INTERVL_SECONDS',
        'GRANARY_SYNC_INTERVAL_SECONDS',
        'environment GRANARY_SYNC_INTERVL_SECONDS',
      ],
      ['sync.interval', 'sync.interval_seconds', 'flag'],
      ['network.bootstrap', null, 'flag'],
      ['network.shards', null, 'flag'],
    ]);
    expect(result.errors[2]!.message).toContain('localhost is no address');
    expect(result.errors[3]!.message).toContain('its node key is not valid');
  });

  test('a file that is no TOML: where; the rest is checked all the same', async () => {
    await file('[network]\nlisten = [\n\n[sync\n');
    const { exit, result } = await resultOf<Result>(env, 'config', 'check', '--keys', 'none');
    expect(exit).toBe(2);
    expect(result.errors).toMatchObject([
      { key: null, message: expect.stringMatching(/^line \d+, column \d+: /) as string },
      { key: 'store.keys', origin: 'flag' },
    ]);
    expect(result.errors[0]!.origin).toMatch(/^file .*config\.toml:\d+$/);
  });

  test('a value that another place wins over is checked, too', async () => {
    await file('[network]\nin_flight = 0\n');
    const flags = ['--set', 'network.in_flight=3'];
    const { result } = await resultOf<Result>(env, 'config', 'check', ...flags);
    expect(result.errors).toMatchObject([{ key: 'network.in_flight' }]);
    // What check says is what up does.
    expect((await run(env, 'up', ...flags)).exit).toBe(2);
  });

  test('a named file that is not there', async () => {
    const { result } = await resultOf<Result>(env, 'config', 'check', '--config', join(home, 'other.toml'));
    expect(result.errors).toMatchObject([{ key: null, origin: `file ${join(home, 'other.toml')}` }]);
  });

  test('for people: a line each, control characters made visible, and how many', async () => {
    await file('[network]\nlisten = ["\\u001b[31mred"]\nidle = 3\n');
    const { stdout } = await run(env, 'config', 'check');
    expect(stdout).not.toContain('\u001b');
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(stdout).toContain('2 errors.');
  });

  test('the other commands name the first, and how many more there are', async () => {
    await file('[network]\na = 1\nb = 2\n');
    const { exit, stdout } = await run(env, 'up', '--json');
    expect(exit).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'E_CONFIG', next: 'granary config check lists this and 1 more' },
    });
  });
});

describe('config show', () => {
  interface Result {
    node: boolean;
    values: SettingRow[];
  }

  test('without a node: every setting with its value and where it is from', async () => {
    await file('[network]\n\nbootstrap = ["tcp://192.0.2.1:7001"]\n');
    const variables = { ...env, GRANARY_HASHING_THREADS: '3' };
    const { exit, result } = await resultOf<Result>(variables, 'config', 'show', '--origin');
    expect(exit).toBe(0);
    expect(result.node).toBe(false);
    expect(result.values.map(({ key }) => key)).toEqual(SETTING_KEYS.map(({ key }) => key));
    const row = (key: string) => result.values.find((value) => value.key === key);
    const origin = `file ${join(home, 'config.toml')}:3`;
    expect(row('network.bootstrap')).toEqual({
      key: 'network.bootstrap',
      value: ['tcp://192.0.2.1:7001'],
      origin,
    });
    expect(row('hashing.threads')).toMatchObject({ value: 3, origin: 'environment GRANARY_HASHING_THREADS' });
    expect(row('node.log_level')).toMatchObject({ value: 'info', origin: 'default' });
  });

  test('what it prints is a configuration file that says the same', async () => {
    const variables = {
      ...env,
      GRANARY_NETWORK_LISTEN: 'tcp://127.0.0.1:0,tcp://[::1]:9',
      GRANARY_STORE_KEYFILE: 'a "quoted"\\path',
      GRANARY_SYNC_INTERVAL_SECONDS: '0.5',
    };
    const { stdout } = await run(variables, 'config', 'show', '--origin');
    await file(stdout);
    const [before, after] = [await readSettings({ home, env: variables }), await readSettings({ home, env })];
    expect(after.ok && before.ok && after.settings).toEqual(before.ok && before.settings);
  });

  test('a configuration that is not valid has nothing to show: exit 2', async () => {
    await file('x = 1\n');
    expect((await run(env, 'config', 'show')).exit).toBe(2);
  });

  test('with a node: what is in force there, and what waits for a restart', async () => {
    const written = await readSettings({ home, env: {}, flags: new Map([['network.shards', 2]]) });
    if (!written.ok) throw new Error('not valid');
    const rows = settingRows(written).map((row) =>
      row.key === 'network.in_flight' ? { ...row, after_restart: 4 } : row,
    );
    const tree = await controlTree({ settings: rows });
    try {
      const { result } = await resultOf<Result>(env, 'config', 'show', '--home', tree.home);
      expect(result).toEqual({ node: true, values: rows });
      const { stdout } = await run(env, 'config', 'show', '--home', tree.home);
      expect(stdout).toContain('in_flight = 16  # 4 after a restart\n');
      expect(stdout).toContain('shards = 2\n');
    } finally {
      await tree.close();
    }
  });
});

describe('config reload', () => {
  test('without a node: exit 7', async () => {
    expect((await run(env, 'config', 'reload')).exit).toBe(7);
  });

  test('says what is in force now, what waits, and that nothing changed', async () => {
    let answer: ConfigReload = {
      applied: ['sync.interval_seconds'],
      needs_restart: ['network.listen', 'store.keys'],
      unchanged: 5,
    };
    const tree = await controlTree({ reload: async () => answer });
    try {
      const reload = ['config', 'reload', '--home', tree.home];
      expect(await resultOf(env, ...reload)).toEqual({ exit: 0, result: answer });
      expect((await run(env, ...reload)).stdout).toBe(
        'The configuration was read again; in force now: sync.interval_seconds; waiting for a restart: network.listen, store.keys.\n',
      );
      answer = { applied: [], needs_restart: [], unchanged: 8 };
      expect((await run(env, ...reload)).stdout).toContain('nothing changed');
    } finally {
      await tree.close();
    }
  });
});

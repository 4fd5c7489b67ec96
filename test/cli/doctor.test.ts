import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Check } from '../../src/cli/doctor/check.ts';
import { judgeClock } from '../../src/cli/doctor/checks/clock.ts';
import { judgeDisk } from '../../src/cli/doctor/checks/disk.ts';
import { judgeFileSystem } from '../../src/cli/doctor/checks/file-system.ts';
import { judgeFiles, judgeThreads, softLimit } from '../../src/cli/doctor/checks/limits.ts';
import { listening } from '../../src/cli/doctor/checks/listening.ts';
import { actors, node } from '../../src/cli/doctor/checks/node.ts';
import { quic } from '../../src/cli/doctor/checks/quic.ts';
import { hashing } from '../../src/cli/doctor/checks/runtime.ts';
import { examine } from '../../src/cli/doctor/examine.ts';
import type { Facts } from '../../src/cli/doctor/facts.ts';
import { scopeOf } from '../../src/cli/doctor/scope.ts';
import { writeLastStop } from '../../src/cli/last-stop.ts';
import { failure } from '../../src/errors.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { controlFile, runFolder } from '../../src/settings/run-folder.ts';
import { VERSION } from '../../src/version.ts';
import { controlTree } from '../actors/control/control-tree.ts';
import { resultOf, run } from './in-process.ts';

let home: string;
let env: Record<string, string>;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-doctor-'));
  // A free port: whatever runs on this machine must not decide the test.
  env = {
    GRANARY_HOME: home,
    GRANARY_NETWORK_LISTEN: 'tcp://127.0.0.1:0',
    XDG_CONFIG_HOME: join(home, 'xdg'),
  };
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

async function doctor(...flags: string[]) {
  const { exit, result } = await resultOf<{ checks: Check[] }>(env, 'doctor', ...flags);
  const of = (name: string) => result.checks.filter((check) => check.name === name);
  return { exit, checks: result.checks, of, one: (name: string) => of(name)[0] };
}

/** What a running node would say, of its parts that the checks read. */
const running = (change: object = {}) =>
  ({
    state: 'running',
    stats: {
      node: { version: VERSION, pid: process.pid },
      uptime: 60,
      actors: [{ name: 'store', state: 'up', restarts: 0 }],
      sessions: 2,
      rates: { up: 1, down: 2 },
    },
    id: { bound: [], addresses: [] },
    settings: [],
    ...change,
  }) as unknown as Facts['node'];

async function facts(change: Partial<Facts> = {}): Promise<Facts> {
  const loaded = await loadSettings({ home, env });
  return {
    home,
    env,
    reading: { ok: true, ...loaded },
    settings: loaded.settings,
    node: { state: 'none' },
    places: [],
    signal: new AbortController().signal,
    ...change,
  };
}

test('a new folder without a node: every check has a word, none fails, exit 0', async () => {
  const { exit, checks } = await doctor();
  expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
  expect(exit).toBe(0);
  expect(checks.map(({ name }) => name)).toEqual([
    'runtime',
    'hashing',
    'configuration',
    'node',
    'data-folder',
    'permissions',
    'disk',
    'file-system',
    'port',
    'quic',
    'open-files',
    'threads',
    'clock',
  ]);
  for (const check of checks) {
    expect(Object.keys(check)).toEqual(['name', 'status', 'message', 'next']);
    expect(check.message).not.toBe('');
    expect(check.next === null).toBe(check.status === 'ok');
  }
});

test('for people: a line a check, the next step under it, a verdict at the end', async () => {
  await writeFile(join(home, 'config.toml'), 'x = "\u001b[31m"\n');
  const { exit, stdout } = await run(env, 'doctor');
  expect(exit).toBe(1);
  expect(stdout).not.toContain('\u001b');
  expect(stdout).toMatch(/^fail {2}configuration {2}1 error.*\n +next granary config check lists them all$/m);
  expect(stdout).toMatch(/1 thing must be mended, \d+ things? should be looked at\.\n$/);
});

describe('configuration', () => {
  test('an invalid one fails; what depends on it is left out, the rest goes on', async () => {
    await writeFile(join(home, 'config.toml'), '[network]\nin_flight = 0\nlisten = 3\n');
    const { exit, one } = await doctor();
    expect(exit).toBe(1);
    expect(one('configuration')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('2 errors, the first: network.in_flight') as string,
    });
    expect(one('port')).toBeUndefined();
    expect(one('clock')).toMatchObject({ status: 'ok' });
  });

  test('what waits for a restart of the running node is named', async () => {
    const settings = [{ key: 'network.listen', value: [], origin: 'default', after_restart: ['x'] }];
    const [found] = (await examine(await facts({ node: running({ settings }) }))).filter(
      ({ name }) => name === 'configuration',
    );
    expect(found).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('network.listen') as string,
    });
  });
});

describe('the node', () => {
  test('stopped in order, stopped with something cut, killed', async () => {
    await writeLastStop(home, { pid: 1, clean: true, cut: [], seconds: 1 });
    expect((await doctor()).one('node')).toMatchObject({ status: 'ok' });
    await writeLastStop(home, { pid: 1, clean: false, cut: ['transfer'], seconds: 1 });
    expect((await doctor()).one('node')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('transfer') as string,
    });
    const stale = { pid: 1, socket: join(home, 'gone'), version: VERSION, api: '1.0' };
    await writeFile(controlFile(home), JSON.stringify(stale));
    expect((await doctor()).one('node')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('was killed') as string,
    });
  });

  test('one that answers with an error, and one of another API, fail; nothing hangs', async () => {
    // The store is not part of this tree, so that the node cannot say how it is.
    const tree = await controlTree();
    const lame = await doctor('--home', tree.home);
    await tree.close();
    expect(lame.exit).toBe(1);
    expect(lame.one('node')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('does not answer') as string,
    });
    await mkdir(runFolder(home), { recursive: true });
    const newer = { pid: 1, socket: join(home, 'gone'), version: '9.0.0', api: '9.0' };
    await writeFile(controlFile(home), JSON.stringify(newer));
    expect((await doctor()).one('node')).toMatchObject({
      status: 'fail',
      next: expect.stringContaining('granary stop') as string,
    });
  });

  test('one that runs: its version, its parts, its sessions', async () => {
    expect(await node(await facts({ node: running() }))).toMatchObject({ status: 'ok' });
    expect(actors(await facts({ node: running() }))).toMatchObject([
      { name: 'actors', status: 'ok' },
      { name: 'sessions', status: 'ok', message: expect.stringContaining('2 sessions') as string },
    ]);
    const stats = (change: object) => {
      const plain = running() as unknown as { stats: object };
      return running({ stats: { ...plain.stats, ...change } });
    };
    const older = stats({ node: { version: '0.0.0', pid: 1 } });
    expect(await node(await facts({ node: older }))).toMatchObject({ status: 'warn' });
    const restarted = stats({ actors: [{ name: 'sync', state: 'up', restarts: 3 }] });
    expect(actors(await facts({ node: restarted }))[0]).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('sync (3)') as string,
    });
    const down = stats({ actors: [{ name: 'sync', state: 'down', restarts: 3 }] });
    expect(actors(await facts({ node: down }))[0]).toMatchObject({ status: 'fail' });
  });

  test('one that is silent', async () => {
    const silent = { state: 'silent', error: failure('E_TIMEOUT', 'no answer') } as const;
    expect(await node(await facts({ node: silent }))).toMatchObject({ status: 'fail' });
  });
});

describe('data folder and permissions', () => {
  test('a file in its place', async () => {
    await writeFile(join(home, 'file'), '');
    const { exit, one } = await doctor('--home', join(home, 'file'));
    expect(exit).toBe(1);
    expect(one('data-folder')).toMatchObject({ status: 'fail' });
  });

  test('one that is not there yet, below a folder that is', async () => {
    const { one } = await doctor('--home', join(home, 'a', 'b'));
    expect(one('data-folder')).toMatchObject({
      status: 'ok',
      message: expect.stringContaining('not there yet') as string,
    });
  });

  test('a path through a file cannot be used', async () => {
    await writeFile(join(home, 'file'), '');
    const { one } = await doctor('--home', join(home, 'file', 'below'));
    expect(one('data-folder')).toMatchObject({ status: 'fail' });
    expect(one('disk')).toMatchObject({ status: 'fail' });
  });

  test('an open key, an open key file: fail with the command that mends it', async () => {
    await mkdir(join(home, 'keys'), { mode: 0o700 });
    const key = join(home, 'keys', 'node.plain');
    await writeFile(key, 'x', { mode: 0o600 });
    expect((await doctor()).one('permissions')).toMatchObject({ status: 'ok' });
    await chmod(key, 0o640);
    const { exit, one } = await doctor();
    expect(exit).toBe(1);
    expect(one('permissions')).toMatchObject({ status: 'fail', next: `chmod 600 ${key}` });
    await chmod(key, 0o600);
    const keyfile = join(home, 'xdg', 'granary', 'key');
    await mkdir(join(home, 'xdg', 'granary'), { recursive: true });
    await writeFile(keyfile, 'x');
    await chmod(keyfile, 0o644);
    expect((await doctor()).one('permissions')).toMatchObject({
      status: 'fail',
      next: `chmod 600 ${keyfile}`,
    });
  });

  test('an open folder: a warning', async () => {
    await chmod(home, 0o755);
    expect((await doctor()).one('permissions')).toMatchObject({ status: 'warn', next: `chmod 700 ${home}` });
  });
});

describe('disk', () => {
  test.each([
    [{ free: 2 ** 40, files: null }, 'ok'],
    [{ free: 2 ** 40, files: 1_000_000 }, 'ok'],
    [{ free: 2 ** 29, files: null }, 'warn'],
    [{ free: 2 ** 20, files: null }, 'fail'],
    [{ free: 2 ** 40, files: 5_000 }, 'warn'],
    [{ free: 2 ** 40, files: 0 }, 'fail'],
  ])('%j: %s', (found, status) => {
    expect(judgeDisk('disk', '/x', found)).toMatchObject({ name: 'disk', status });
  });

  test('places of downloads are looked at, too, and dangling ones', async () => {
    await symlink(join(home, 'unplugged'), join(home, 'link'));
    const { of } = await doctor('--place', home, '--place', join(home, 'later'), '--place', '/proc');
    expect(of('downloads').map(({ status }) => status)).toEqual(['ok', 'ok', 'fail']);
  });
});

test.each([
  [0xef53, 'ok'],
  [0x6969, 'warn'],
  [0xff534d42, 'warn'],
  // As a signed number.
  [0xff534d42 | 0, 'warn'],
  [0x01021994, 'warn'],
  [0x794c7630, 'warn'],
])('a file system of kind %d: %s', (type, status) => {
  expect(judgeFileSystem(type)).toMatchObject({ name: 'file-system', status });
});

describe('ports', () => {
  let server: Server;
  let taken: number;
  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    taken = (server.address() as AddressInfo).port;
  });
  afterEach(() => {
    server.close();
  });

  test('a port that another program holds fails; each address has its word', async () => {
    env.GRANARY_NETWORK_LISTEN = `tcp://127.0.0.1:${taken},tcp://127.0.0.1:0,tcp://192.0.2.77:7001`;
    const { exit, of } = await doctor();
    expect(exit).toBe(1);
    expect(of('port').map(({ status }) => status)).toEqual(['fail', 'ok', 'fail']);
    expect(of('port')[0]!.message).toContain('another program holds it');
    expect(of('port')[2]!.message).toContain('no interface has that address');
  });

  test('nothing to listen on is a warning', async () => {
    env.GRANARY_NETWORK_LISTEN = '';
    expect((await doctor()).one('port')).toMatchObject({ status: 'warn' });
  });

  test('a node that runs is connected to, a wildcard on loopback', async () => {
    const id = { bound: [`tcp://0.0.0.0:${taken}`], addresses: ['tcp://203.0.113.1:7001'] };
    expect(await listening(await facts({ node: running({ id }) }))).toMatchObject([
      { name: 'port', status: 'ok' },
      { name: 'addresses', status: 'ok' },
    ]);
    server.close();
    await once(server, 'close');
    expect(await listening(await facts({ node: running({ id }) }))).toMatchObject([
      { name: 'port', status: 'fail', message: expect.stringContaining('ECONNREFUSED') as string },
      { status: 'ok' },
    ]);
  });

  test.each([
    [['tcp://10.1.2.3:1', 'tcp://127.0.0.1:1'], 'only peers of the same private network'],
    [['tcp://127.0.0.1:1', 'tcp://[::1]:1'], 'nobody else'],
    [[], 'nobody else'],
  ])('links that say %j are for %s', async (addresses, who) => {
    const node = running({ id: { bound: [], addresses } });
    expect((await listening(await facts({ node }))).at(-1)).toMatchObject({
      name: 'addresses',
      status: 'warn',
      message: expect.stringContaining(who) as string,
    });
  });

  test.each([
    ['tcp://8.8.8.8:1', 'public'],
    ['tcp://172.31.0.1:1', 'private'],
    ['tcp://172.32.0.1:1', 'public'],
    ['tcp://100.64.1.1:1', 'private'],
    ['tcp://[fd00::1]:1', 'private'],
    ['tcp://[2001:db8::1]:1', 'public'],
  ])('%s is %s', (address, scope) => {
    expect(scopeOf(address)).toBe(scope);
  });
});

describe('limits', () => {
  const table = [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             unlimited            unlimited            processes ',
    'Max open files            1024                 524288               files     ',
  ].join('\n');

  test('the soft limit of a line; lines without one', () => {
    expect(softLimit(table, 'Max open files')).toBe(1024);
    expect(softLimit(table, 'Max processes')).toBe(Number.POSITIVE_INFINITY);
    expect(softLimit(table, 'Max cpu time')).toBe(Number.POSITIVE_INFINITY);
  });

  test('open files against the sessions allowed', async () => {
    const { settings } = await loadSettings({ home, env: { GRANARY_NETWORK_MAX_SESSIONS: '1000' } });
    expect(judgeFiles(3_000, settings, 2).status).toBe('ok');
    expect(judgeFiles(2_000, settings, 2)).toMatchObject({
      status: 'warn',
      next: expect.stringContaining('LimitNOFILE=2512') as string,
    });
    expect(judgeFiles(100, settings, 2).status).toBe('fail');
    expect(judgeFiles(Number.POSITIVE_INFINITY, settings, 2).status).toBe('ok');
  });

  test('threads, and the pool of the runtime', () => {
    expect(judgeThreads(1_000, 40, 8).status).toBe('ok');
    expect(judgeThreads(30, 40, 8).status).toBe('fail');
    expect(judgeThreads(1_000, 40, 1).status).toBe('warn');
  });
});

describe('clock', () => {
  const wallMs = Date.UTC(2026, 5, 1);

  test.each([
    ['nothing to compare', { written: null, since: null }, 'ok'],
    ['a file of a moment ago', { written: { path: '/x', ms: wallMs - 1 }, since: null }, 'ok'],
    ['a file of another clock', { written: { path: '/x', ms: wallMs + 59_000 }, since: null }, 'ok'],
    ['a file of tomorrow', { written: { path: '/x', ms: wallMs + 86_400_000 }, since: null }, 'warn'],
    ['time and clock agree', { written: null, since: { wallMs: 5, monotonicMs: 90_000, what: '' } }, 'ok'],
    ['the machine slept', { written: null, since: { wallMs: 9e9, monotonicMs: 5, what: '' } }, 'ok'],
    ['set back', { written: null, since: { wallMs: -3e6, monotonicMs: 5, what: '' } }, 'warn'],
  ])('%s', (_, found, status) => {
    expect(judgeClock({ wallMs, ...found })).toMatchObject({ name: 'clock', status });
  });

  test('a time before this program was written fails', () => {
    expect(judgeClock({ wallMs: Date.UTC(1970, 0, 1), written: null, since: null }).status).toBe('fail');
  });

  test('files of the data folder are what it is compared with', async () => {
    await writeFile(join(home, 'state.db'), '');
    const tomorrow = Date.now() / 1000 + 86_400;
    await utimes(join(home, 'state.db'), tomorrow, tomorrow);
    expect((await doctor()).one('clock')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('state.db') as string,
    });
  });
});

test('hashing without the native implementation is a warning', () => {
  expect(hashing('noble')).toMatchObject({ status: 'warn' });
  expect(hashing('native')).toMatchObject({ status: 'ok' });
});

test('a check that has a bug says so, and the others go on', async () => {
  const broken = await facts();
  const checks = await examine({ ...broken, places: null as never });
  expect(checks.find(({ name }) => name === 'disk')).toMatchObject({
    status: 'fail',
    message: expect.stringContaining('a bug of its own') as string,
  });
  expect(checks.at(-1)).toMatchObject({ name: 'clock', status: 'ok' });
});

test('whether there is QUIC: not wanted, as the process of the node does, or why there is none', async () => {
  const status = { state: 'up', engine: 'deno 2.9.6', reason: null, restarts: 0 };
  const withQuic = async (change: object) => {
    const { stats } = running() as unknown as { stats: object };
    return await facts({ node: running({ stats: { ...stats, quic: { ...status, ...change } } }) });
  };
  expect(quic(await withQuic({}))).toMatchObject({
    status: 'ok',
    message: expect.stringContaining('deno 2.9.6'),
  });
  const restarted = await withQuic({ state: 'starting', restarts: 3, reason: 'it ended with SIGKILL' });
  expect(quic(restarted)).toMatchObject({ status: 'warn', message: expect.stringContaining('SIGKILL') });
  const without = await withQuic({ state: 'missing', reason: 'no package' });
  expect(quic(without)).toMatchObject({ status: 'warn', message: expect.stringContaining('no package') });
  env = { ...env, GRANARY_TRANSPORT_POLICY: 'tcp-only' };
  expect(quic(await facts())).toMatchObject({ status: 'ok', message: expect.stringContaining('tcp-only') });
});

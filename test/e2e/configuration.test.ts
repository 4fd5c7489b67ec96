import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ConfigReload, SettingRow } from '../../src/actors/supervisor/contract.ts';
import type { Check } from '../../src/cli/doctor/check.ts';
import { controlFile } from '../../src/settings/run-folder.ts';
import { granary, Node } from './granary-process.ts';

// Each step is a process or two: on a machine that is busy they take their time.
vi.setConfig({ testTimeout: 120_000 });

describe('the configuration of a running node', () => {
  let node: Node;
  let config: string;
  beforeAll(async () => {
    const home = await mkdtemp(join(tmpdir(), 'granary-configuration-'));
    config = join(home, 'config.toml');
    await writeFile(config, '[sync]\ninterval_seconds = 3600\n');
    node = await Node.start({ home });
  }, 120_000);
  afterAll(async () => {
    await node?.remove();
  });

  const told = (event: string) => node.events.filter((line) => line.event === event);
  const until = (holds: () => void) => vi.waitFor(holds, { timeout: 60_000, interval: 20 });
  const rows = async () =>
    (await node.must<{ node: boolean; values: SettingRow[] }>('config', 'show', '--origin')).values;
  const row = async (key: string) => (await rows()).find((value) => value.key === key);

  test('SIGHUP: what can change live does, the rest is named, and the node goes on', async () => {
    await writeFile(config, '[sync]\ninterval_seconds = 30\n[network]\nmax_pending = 4\n');
    node.child.kill('SIGHUP');
    await until(() => expect(told('config-reloaded')).toHaveLength(1));
    expect(told('config-reloaded')[0]).toMatchObject({
      applied: ['sync.interval_seconds'],
      needs_restart: ['network.max_pending'],
    });
    expect(await row('sync.interval_seconds')).toMatchObject({ value: 30, origin: `file ${config}:2` });
    expect(await row('network.max_pending')).toMatchObject({ value: 512, after_restart: 4 });
    // Flags are the node's own, not those of the command that asks.
    expect(await row('store.keys')).toMatchObject({ value: 'plain', origin: 'flag' });
  });

  test('an invalid file: the command fails, the event says all, nothing changes', async () => {
    await writeFile(config, '[sync]\ninterval_seconds = "often"\n[netwrk]\n');
    const outcome = await node.run('config', 'reload');
    expect(outcome).toMatchObject({ code: 2, error: { code: 'E_CONFIG', subject: `file ${config}:2` } });
    expect(told('config-rejected')).toHaveLength(1);
    expect(told('config-rejected')[0]!.errors).toMatchObject([
      { key: 'sync.interval_seconds' },
      { key: 'netwrk', nearest: 'network' },
    ]);
    node.child.kill('SIGHUP');
    await until(() => expect(told('config-rejected')).toHaveLength(2));
    expect(await row('sync.interval_seconds')).toMatchObject({ value: 30 });
    const check = await node.run<{ valid: boolean; errors: unknown[] }>('config', 'check');
    expect(check).toMatchObject({ code: 2, ok: true, result: { valid: false } });
  });

  test('a reload by the command', async () => {
    await writeFile(config, '[network]\nbootstrap = ["tcp://127.0.0.1:9"]\n');
    expect(await node.must<ConfigReload>('config', 'reload')).toMatchObject({
      applied: ['network.bootstrap', 'sync.interval_seconds'],
      needs_restart: [],
    });
    expect(await row('sync.interval_seconds')).toMatchObject({ value: 60, origin: 'default' });
  });

  test('the doctor asks the node, and connects to its port', async () => {
    const { code, result } = await node.run<{ checks: Check[] }>('doctor', '--place', node.home);
    const of = (name: string) => result.checks.find((check) => check.name === name);
    expect(of('node')).toMatchObject({
      status: 'ok',
      message: expect.stringContaining(`pid ${node.child.pid}`) as string,
    });
    expect(of('actors')).toMatchObject({ status: 'ok' });
    expect(of('port')).toMatchObject({
      status: 'ok',
      message: expect.stringContaining(node.address) as string,
    });
    // Nobody but this machine can follow a link that says loopback.
    expect(of('addresses')).toMatchObject({ status: 'warn' });
    expect(of('permissions')).toMatchObject({ status: 'ok' });
    expect(of('configuration')).toMatchObject({ status: 'ok' });
    expect([code, result.checks.filter(({ status }) => status === 'fail')]).toEqual([0, []]);
  });

  test('a killed node is told by the doctor, and what is in force by the file again', async () => {
    await node.kill('SIGKILL');
    expect(await readFile(controlFile(node.home), 'utf8')).not.toBe('');
    const { result } = await granary<{ checks: Check[] }>(node.home, ['doctor']);
    expect(result.checks.find(({ name }) => name === 'node')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('killed') as string,
    });
    expect(await granary(node.home, ['config', 'show'])).toMatchObject({ code: 0, result: { node: false } });
  });
});

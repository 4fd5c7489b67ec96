import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { granary, Node } from './granary-process.ts';

// Each step is a process or two: on a machine that is busy they take their time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

interface Limits {
  limits: { scope: string; direction: string; rate: number | null; why: string }[];
  quotas: { period: string; direction: string; quota: number; used: number }[];
  schedule: { entry: string; now: boolean }[];
}
interface Tuning {
  settings: { name: string; value: number; running: number; origin: string }[];
}

describe('limits and threads of a running node', () => {
  const share = 'ab'.repeat(32);
  let node: Node;
  beforeAll(async () => {
    node = await Node.start({ args: ['--shards', '1'] });
  });
  afterAll(async () => {
    await node?.remove();
  });

  test('are set at once, say why, and outlive kill -9', async () => {
    const set = await node.must<Limits>(
      'limits',
      'set',
      'up=20MB/s',
      'down=off',
      `share:${share}.up=1MB/s`,
      'quota:month.up=1TB',
      'schedule=daily 00:00-24:00 down=5MB/s',
    );
    const inForce = [
      { scope: 'global', direction: 'up', rate: 20e6, why: 'set live' },
      { scope: 'global', direction: 'down', rate: 5e6, why: 'schedule: daily 00:00-24:00 down=5MB/s' },
      { scope: `share:${share}`, direction: 'up', rate: 1e6, why: 'set live' },
    ];
    expect(set.limits).toEqual(inForce);
    await node.must('limits', 'set', 'up=1MB/s', '--no-save');
    await node.must('tune', 'set', 'hashing=1', 'disk_queue=3');
    expect(await node.run('tune', 'set', 'shards=2')).toMatchObject({ code: 2, error: { code: 'E_USAGE' } });

    await node.kill();
    node = await Node.start({ home: node.home, args: ['--shards', '1'] });
    const after = await node.must<Limits>('limits');
    expect(after.limits).toEqual(inForce);
    expect(after.quotas).toMatchObject([{ period: 'month', direction: 'up', quota: 1e12 }]);
    expect(after.schedule).toEqual([{ entry: 'daily 00:00-24:00 down=5MB/s', now: true }]);
    const { settings } = await node.must<Tuning>('tune');
    const row = (name: string) => settings.find((setting) => setting.name === name);
    expect(row('hashing')).toEqual({ name: 'hashing', value: 1, running: 1, origin: 'set live' });
    expect(row('disk_queue')).toMatchObject({ value: 3, origin: 'set live' });
    expect(row('shards')).toMatchObject({ value: 1, running: 1, origin: 'the configuration' });
  });

  test('a wrong one changes nothing, and says what is wrong', async () => {
    const wrong = await granary(node.home, ['limits', 'set', 'up=2MB/s', 'down=fast']);
    expect(wrong).toMatchObject({ code: 2, error: { code: 'E_USAGE', subject: 'down=fast' } });
    const unknown = await granary(node.home, ['limits', 'set', 'share:nobody.up=2MB/s']);
    expect(unknown).toMatchObject({ code: 3, error: { code: 'E_NOT_FOUND' } });
    const { limits } = await node.must<Limits>('limits', 'show');
    expect(limits[0]!.rate).toBe(20e6);
    expect(await granary(node.home, ['tune', 'set', 'shards=many'])).toMatchObject({ code: 2 });
    expect(await granary(node.home, ['limits', 'set', 'up'])).toMatchObject({ code: 2 });
  });
});

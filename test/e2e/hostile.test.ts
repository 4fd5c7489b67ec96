import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attack, told } from '../hostile/attack.ts';
import { HonestPair } from '../hostile/honest-pair.ts';
import { newcomerIsServed } from '../hostile/newcomer.ts';
import { runProvider } from '../hostile/provider/run-provider.ts';
import { PROVIDERS } from '../hostile/provider/table.ts';
import { SCENES } from '../hostile/scenes.ts';
import { TABLE } from '../hostile/table.ts';
import type { Load } from '../hostile/watched-node.ts';

const MiB = 1024 * 1024;
/** Of the speed that honest transfers have without an attack. The strict figure is `npm run hostile`'s, on a machine at rest. */
const LEFT_TO_OTHERS = 0.4;

describe('a node under attack, while an honest node downloads from it', () => {
  let pair: HonestPair;
  let before: Load;
  beforeAll(async () => {
    pair = await HonestPair.start(16 * MiB, 100);
    pair.download();
    // Until the buffers and pools of both are as large as they get.
    while (pair.downloads < 6 && pair.failures.length === 0) await sleep(100);
    before = await pair.server.load();
  }, 120_000);
  afterAll(() => pair?.remove());

  test('does what it must for every row of the table, and the transfers go on', {
    timeout: 300_000,
  }, async () => {
    const violations: string[] = [];
    let rows = 0;
    const quiet = await pair.speed(() => sleep(1_500));
    const under = await pair.speed(async () => {
      for await (const result of attack(pair, TABLE, { hurry: true })) {
        rows++;
        if (result.fault !== null) violations.push(told(result));
      }
    });
    const again = await pair.speed(() => sleep(1_500));
    expect(violations).toEqual([]);
    expect(rows).toBeGreaterThan(1_000);
    expect(under).toBeGreaterThan(LEFT_TO_OTHERS * Math.min(quiet, again));
  });

  test('meets hostile providers, each in its way, and takes nothing wrong', {
    timeout: 300_000,
  }, async () => {
    const violations: string[] = [];
    // One after another: who is connected is asked for everything, and would answer in its way.
    for (const row of PROVIDERS.filter(({ slow }) => !slow)) {
      const fault = await runProvider(pair.reader.client, pair.work, row).catch(
        (error: Error) => error.message,
      );
      const ailment = fault ?? (await pair.ailment());
      if (ailment !== null)
        violations.push(`${row.name}: must be ${row.must.join(' or ') || 'well'}, but ${ailment}`);
    }
    expect(violations).toEqual([]);
  });

  test.each(SCENES.map((scene) => [scene.name, scene] as const))(
    '%s',
    { timeout: 60_000 },
    async (_, scene) => {
      const running = await scene.begin(pair.target, pair.known);
      try {
        const downloads = pair.downloads;
        expect(await newcomerIsServed(pair.target)).toBe(true);
        // Whole downloads come to their ends meanwhile, each of some MiB.
        const deadline = performance.now() + 30_000;
        while (pair.downloads < downloads + 3 && performance.now() < deadline && pair.failures.length === 0) {
          await sleep(20);
        }
        expect(pair.downloads).toBeGreaterThanOrEqual(downloads + 3);
        expect(await pair.ailment()).toBeNull();
      } finally {
        running.stop();
      }
    },
  );

  test('and is afterwards as it was: sessions, descriptors and memory', { timeout: 60_000 }, async () => {
    const deadline = performance.now() + 40_000;
    let after: Load;
    do {
      await sleep(200);
      after = await pair.server.load();
      // One session is the honest node's.
    } while (
      performance.now() < deadline &&
      (after.sessions > 1 || (after.descriptors ?? 0) > (before.descriptors ?? 0) + 10)
    );
    expect(after.sessions).toBe(1);
    if (before.descriptors !== null) expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 10);
    expect(after.rss).toBeLessThan(before.rss + 500 * MiB);
    expect(await pair.ailment()).toBeNull();
  });
});

import { expect, test } from 'vitest';
import { brokenText, phaseRows } from '../../scripts/chaos/report.ts';
import { runChaos } from '../../scripts/chaos/run-chaos.ts';

// A run that is small enough for every day; `npm run chaos -- --kills 500` is the long one. What fails here prints the
// command that does it again.

test('twenty kills and every fault once: no wrong byte, no failed start, nothing lost', async () => {
  const report = await runChaos(
    { kills: 20, seed: 3, from: 1, faults: 1, large: 16, small: 60 },
    { onKill() {}, onFault() {} },
  );
  expect(report.violations.map(brokenText)).toEqual([]);
  expect(report).toMatchObject({ ok: true, wrong_bytes: 0, starts: { failed: 0 } });
  expect(report.kills).toHaveLength(20);
  expect(phaseRows(report.kills).map(({ phase }) => phase)).toEqual([
    'download',
    'migration',
    'publish',
    'start',
    'stop',
    'sync',
    'verify',
  ]);
  expect(report.served.downloads).toBeGreaterThan(0);
  for (const { name, ok, injected, skipped } of report.faults) {
    expect({ name, ok, there: injected > 0 || skipped }).toEqual({ name, ok: true, there: true });
  }
}, 900_000);

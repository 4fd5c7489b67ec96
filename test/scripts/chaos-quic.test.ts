import { expect, test } from 'vitest';
import { quicKills } from '../../scripts/chaos/quic-kills.ts';

// A hundred by hand: `npm run chaos:quic -- --kills 100`.
test('the QUIC process of a node is killed under load: no transfer and no request is lost', async () => {
  const report = await quicKills({ kills: 5, seed: 1, bytes: 2 ** 24 });
  expect(report.kills).toBe(5);
  expect(report).toMatchObject({ failed: [], lost: [] });
  expect(report.transfers).toBeGreaterThan(0);
  expect(report.requests).toBeGreaterThan(0);
}, 120_000);

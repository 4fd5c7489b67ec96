import { expect, test } from 'vitest';
import { runNetwork } from '../../scripts/network/scenario.ts';

/** The small form of `npm run network`. */
test('five nodes find a share through the DHT alone, and a new revision, after two of them were killed', async () => {
  const report = await runNetwork({
    ...{ nodes: 5, places: 'loopback', syncSeconds: 2, withinSeconds: 90 },
    log: () => {},
  });
  expect(report).toMatchObject({
    ...{ nodes: 5, places: 'loopback', killed: 2 },
    ...{ found: 4, updated: 2, fetched_without_publisher: true },
  });
}, 240_000);

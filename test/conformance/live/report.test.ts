import { expect, test } from 'vitest';
import { Cannot, type CellResult, everywhere, type Group, NotYet } from '../../../conformance/live/cell.ts';
import { deviationsReport } from '../../../conformance/live/deviations-report.ts';
import { countsText, report } from '../../../conformance/live/report.ts';
import { runCells } from '../../../conformance/live/run-cells.ts';
import type { World } from '../../../conformance/live/world.ts';

// The matrix itself needs live nodes of the reference; how it is played and told does not.
const ends: Readonly<Record<string, () => Promise<unknown>>> = {
  'tcp 1': async () => {},
  'tcp 2': async () => 'slowly | but surely',
  'quic 1': () => Promise.reject(new Cannot('it has no such call')),
  'quic 2': () => Promise.reject(new NotYet('no quic address')),
};
const GROUPS: readonly Group[] = [
  {
    name: 'Messages',
    about: 'What is asked.',
    cells: everywhere('a question', (_, { transport, dialect }) => ends[`${transport} ${dialect}`]!()),
  },
  {
    name: 'Flows',
    about: 'What is fetched.',
    cells: everywhere('a download', () => Promise.reject(new Error('other octets'))).slice(0, 1),
  },
];

async function played(only?: string): Promise<CellResult[]> {
  const results = [];
  for await (const result of runCells({} as World, GROUPS, only)) results.push({ ...result, seconds: 0.25 });
  return results;
}

test('a cell is ok, failed, beyond the reference, or not yet here, and says why', async () => {
  expect(
    (await played()).map(({ transport, dialect, outcome, note }) => [transport, dialect, outcome, note]),
  ).toEqual([
    ['tcp', 1, 'ok', null],
    ['quic', 1, 'cannot', 'it has no such call'],
    ['tcp', 2, 'ok', 'slowly | but surely'],
    ['quic', 2, 'not-yet', 'no quic address'],
    ['tcp', 1, 'failed', 'other octets'],
  ]);
  expect((await played('Flows')).length).toBe(1);
  expect((await played('quic, dialect 2')).length).toBe(1);
});

test('the page has a table for each group, a row for each name, and the reasons at the end', async () => {
  const results = await played();
  expect(countsText(results)).toBe(
    '5 cells: 2 ok, 1 failed, 1 the reference cannot, 1 not yet in this build',
  );
  const page = report(GROUPS, results, 'a machine');
  expect(page).toContain('| | TCP, dialect 1 | QUIC, dialect 1 | TCP, dialect 2 | QUIC, dialect 2 |');
  expect(page).toContain(
    '| a question | ok 0.25 s | the reference cannot [1] | ok 0.25 s [2] | not yet in this build [3] |',
  );
  expect(page).toContain('| a download | failed 0.25 s [4] |  |  |  |');
  expect(page).toContain(
    '\n1. it has no such call\n2. slowly \\| but surely\n3. no quic address\n4. other octets\n',
  );
  expect(page).toContain('reference 0.3.2');
});

test('deviations are told by version, without what differs from run to run', () => {
  const failed = {
    suite: 'framing',
    case: 'noise',
    section: 'wire 2',
    dialect: 1,
    expected: 'a close',
  } as const;
  const check = { suite: 'dht', case: 'a head', section: 'wire 10', dialect: 1, ms: 1 } as const;
  const page = deviationsReport([
    {
      version: '0.3.2',
      result: {
        target: { address: 'tcp://127.0.0.1:1', node_key: null, dialects: [1] },
        suites: [{ name: 'framing', passed: 3, failed: 1, skipped: 1 }],
        failures: [{ ...failed, got: 'a frame of 53 octets' }],
        checks: [{ ...check, verdict: 'skipped', reason: 'it is not served' }],
        seconds: 2,
      },
    },
  ]);
  expect(page).toContain('## 0.3.2, dialect 1\n\n1 checks: 3 passed, 1 failed, 1 skipped.');
  expect(page).toContain('| framing | noise | wire 2 | a close | a frame |');
  expect(page).toContain('* dht: a head (it is not served)');
});

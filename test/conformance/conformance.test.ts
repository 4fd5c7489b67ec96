import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFolder } from '../../conformance/data-folder.ts';
import { runConformance } from '../../conformance/runner.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-conformance-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function vectorsWith(
  change: (content: Record<string, Record<string, unknown>>) => void,
): Promise<string> {
  const content = JSON.parse(await readFile(join(dataFolder('vectors'), 'vectors-seeded.json'), 'utf8'));
  change(content);
  const path = join(folder, `${Math.random()}.json`);
  await writeFile(path, JSON.stringify(content));
  return path;
}

const run = async (change: Parameters<typeof vectorsWith>[0]) =>
  runConformance({ vectors: [await vectorsWith(change)] });

test('everything recorded holds', async () => {
  const { suites, failures } = await runConformance();
  expect(failures).toEqual([]);
  const passed = (name: string) => suites.find((suite) => suite.name === name)?.passed ?? 0;
  expect(passed('messages')).toBeGreaterThanOrEqual(372);
  expect(passed('cbor table')).toBeGreaterThanOrEqual(241);
  expect(passed('decoder leniency')).toBe(83);
  expect(passed('transcripts')).toBeGreaterThan(6000);
  expect(passed('objects in transcripts')).toBeGreaterThanOrEqual(69);
});

describe('the runner', () => {
  test('sees a changed octet', async () => {
    const { failures } = await run(({ generated = {} }) => {
      const { FindNode } = generated.messages as Record<string, { payload_hex: string }>;
      if (FindNode !== undefined) FindNode.payload_hex = FindNode.payload_hex.replace(/..$/, '00');
    });
    expect(failures.map((failure) => failure.case.split(': ')[1])).toContain('FindNode payload');
  });

  test('sees a changed reading', async () => {
    const { failures } = await run(({ generated = {} }) => {
      const { ListPublicShares } = generated.messages as Record<string, { decoded: Record<string, unknown> }>;
      if (ListPublicShares !== undefined) ListPublicShares.decoded.max_entries = 301;
    });
    expect(failures).toMatchObject([{ suite: 'messages', got: '.max_entries: expected 301, got 300' }]);
  });

  test('counts an unknown section as skipped, by its name', async () => {
    const { suites } = await run(({ generated = {} }) => {
      generated.from_the_future = [1, 2, 3];
    });
    expect(suites).toContainEqual({ name: 'generated.from_the_future', passed: 0, failed: 0, skipped: 1 });
  });

  test.each([
    ['a list', []],
    ['a number', 7],
    ['empty', {}],
    ['with a message that is none', { FindNode: null }],
  ])('takes a known section that is %s for a failure', async (_, section) => {
    const { failures } = await run(({ generated = {} }) => {
      generated.messages = section;
    });
    expect(failures.map((failure) => failure.suite)).toContain('messages');
  });

  test('takes a file that cannot be read for a failure', async () => {
    const { failures } = await runConformance({ vectors: [join(folder, 'none.json')] });
    expect(failures).toMatchObject([{ suite: 'files' }]);
  });

  test('takes further folders of transcripts', async () => {
    const recorded = JSON.parse(await readFile(join(dataFolder('transcripts'), 'pex.json'), 'utf8'));
    recorded.frames[3].decoded.payload = { max_peers: 1234 };
    await writeFile(join(folder, 'pex.json'), JSON.stringify(recorded));
    const { failures } = await runConformance({ transcripts: [folder] });
    expect(failures.filter((failure) => failure.case.startsWith('pex.json'))).toMatchObject([
      { suite: 'transcripts', case: 'pex.json: frame 3 payload' },
    ]);
  });
});

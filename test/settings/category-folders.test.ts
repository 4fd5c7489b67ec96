import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSettings } from '../../src/settings/load.ts';

test.each([
  [['music=/srv/music', 'films=/srv/a = b'], []],
  [['Musik älter_2.0-x=/m'], ['write NAME']],
  [['музыка=/m'], []],
  [['music'], ['write NAME']],
  [['music=relative'], ['write NAME']],
  [['=/m'], ['write NAME']],
  [['a=/m', 'b=/m', 'a=/n'], ['has a folder already']],
])('%j', async (categories, problems) => {
  const home = await mkdtemp(join(tmpdir(), 'granary-categories-'));
  try {
    await writeFile(join(home, 'config.toml'), `[downloads]\ncategories = ${JSON.stringify(categories)}\n`);
    const read = await readSettings({ home, env: {} });
    const told = read.ok ? [] : read.problems.map(({ message }) => message);
    expect(told).toHaveLength(problems.length);
    for (const [i, problem] of problems.entries()) expect(told[i]).toContain(problem);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

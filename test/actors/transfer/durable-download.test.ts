import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watchSyncs } from '../watch-syncs.ts';
import { content, World } from './world.ts';

const SIZE = 300_000;

test('the octets of a file are synced before it has its name, and the name after', async () => {
  await using world = await World.make();
  await mkdir(world.out);
  world.share('file', content(1, SIZE));
  const seen: { whole: boolean; named: boolean }[] = [];
  using _watch = await watchSyncs(world.out, () => {
    const unfinished = readdirSync(world.out).filter((name) => name.startsWith('.'));
    seen.push({
      whole: unfinished.some((name) => statSync(join(world.out, name)).size === SIZE),
      named: existsSync(join(world.out, 'file')),
    });
  });
  await world.get();
  expect(seen).toContainEqual({ whole: true, named: false });
  expect(seen.at(-1)).toEqual({ whole: false, named: true });
});

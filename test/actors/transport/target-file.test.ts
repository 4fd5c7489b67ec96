import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OrderedHashes } from '../../../src/actors/transport/ordered-hashes.ts';
import { TargetFile } from '../../../src/actors/transport/target-file.ts';
import { contentOf } from './world.ts';

const CHUNK = 262_144;
const bytes = new Uint8Array(3 * CHUNK + 5).map((_, at) => at % 251);
const content = contentOf(bytes);

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-target-'));
  path = join(folder, 'file.part');
  writeFileSync(path, '');
  truncateSync(path, bytes.length);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** All chunks come in order; `before` each is written, something may happen to the file. */
async function fetched(before: (chunk: number) => void, onPool: boolean): Promise<string | null> {
  const file = new TargetFile(0, { ...content, path }, new OrderedHashes());
  for (let chunk = 0; chunk < 4; chunk++) {
    const data = bytes.subarray(chunk * CHUNK, (chunk + 1) * CHUNK);
    expect(file.verify(chunk, data)).toBe(true);
    before(chunk);
    if (!onPool) file.writeNow(chunk, data);
    else await new Promise((resolve) => file.writeOnPool(chunk, data, resolve));
  }
  file.close();
  return file.takeContentId();
}

test.each([false, true])(
  'in order and undisturbed it has its id; written on the pool: %s',
  async (onPool) => {
    expect(await fetched(() => {}, onPool)).toBe(content.contentId);
  },
);

test.each([false, true])(
  'cut short under way it has none, whenever that was; on the pool: %s',
  async (onPool) => {
    for (const when of [1, 2, 3]) {
      truncateSync(path, bytes.length);
      const cut = (chunk: number) => {
        if (chunk === when) truncateSync(path, CHUNK - 1);
      };
      expect(await fetched(cut, onPool)).toBeNull();
    }
  },
);

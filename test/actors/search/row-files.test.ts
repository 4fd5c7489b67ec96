import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OctetWriter } from '../../../src/actors/search/octet-writer.ts';
import { encodeRow, type Row } from '../../../src/actors/search/row.ts';
import { RowFiles } from '../../../src/actors/search/row-files.ts';
import type { Clock } from '../../../src/supervisor/contract/clock.ts';

/** Every look at it takes so long, as if each call between two looks had. */
class SlowClock implements Clock {
  readonly #step: number;
  #now = 0;
  constructor(step: number) {
    this.#step = step;
  }
  now(): number {
    this.#now += this.#step;
    return this.#now;
  }
  wall(): number {
    return this.#now;
  }
  after(): () => void {
    return () => {};
  }
}

const rows: Row[] = ['short', 'x'.repeat(3_000), '音楽 '.repeat(1_000)].map((name, i) => ({
  contentId: new Uint8Array(32).fill(i),
  size: i * 1e12,
  name,
  path: i === 1 ? null : `folder/${i}`,
  tags: ['a', 'b'],
}));
let folder: string;
let path: string;
let spans: { offset: number; length: number }[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-rows-'));
  path = join(folder, 'share.rows');
  const octets = new OctetWriter(rows.length, 64);
  for (const row of rows) encodeRow(row, octets);
  spans = rows.map((_, i) => ({
    offset: octets.offsets[i]!,
    length: octets.offsets[i + 1]! - octets.offsets[i]!,
  }));
  await writeFile(path, octets.octets);
});
afterEach(() => rm(folder, { recursive: true }));

// A millisecond and more for a call means a disk: what follows goes over the pool.
test.each([0, 2])(
  'rows come back as they were written, however fast the disk is (%d ms a call)',
  async (ms) => {
    const files = new RowFiles(new SlowClock(ms));
    for (let round = 0; round < 3; round++) {
      expect(await files.read(path, [...spans, ...spans].reverse())).toEqual([...rows, ...rows].reverse());
    }
    // Damaged, and beyond the end: those rows alone are missing.
    const [first, second, third] = spans;
    const wrong = { offset: second!.offset + 1, length: second!.length };
    const behind = { offset: third!.offset, length: third!.length + 10 };
    expect(await files.read(path, [first!, wrong, behind])).toEqual([rows[0], null, null]);
    files.close();
  },
);

test.each([0, 2])(
  'a file that is not there has no rows, and is looked for again (%d ms a call)',
  async (ms) => {
    const files = new RowFiles(new SlowClock(ms));
    const later = join(folder, 'later.rows');
    for (let round = 0; round < 2; round++)
      expect(await files.read(later, spans)).toEqual([null, null, null]);
    const octets = new OctetWriter(1, 64);
    encodeRow(rows[0]!, octets);
    await writeFile(later, octets.octets);
    expect(await files.read(later, [{ offset: 0, length: octets.octets.length }])).toEqual([rows[0]]);
    files.close();
  },
);

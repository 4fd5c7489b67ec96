import { describe, expect, test } from 'vitest';
import { type FileStep, LargeFile } from '../../../src/actors/hashing/large-file.ts';
import { SPAN } from '../../../src/actors/hashing/pool-task.ts';

const look = (size: number) => ({ size, mtimeNs: 1n, ctimeNs: 2n, inode: 3n, device: 4n });
const file = (spans: number, chunks = true) => new LargeFile(0, '/file', look(spans * SPAN), chunks, 1);
const steps = (next: () => FileStep | null) => {
  const found: FileStep[] = [];
  for (let step = next(); step !== null; step = next()) found.push(step);
  return found;
};
const spanHashes = (span: number) => new Uint8Array(64 * 32).fill(span + 1);
const take = (to: LargeFile, step: FileStep, id: string | null = null) =>
  to.took(step, step.chunks ? spanHashes(step.task.span) : null, id);

describe('the plan of a large file', () => {
  test('alone, its thread makes both hashes from one read', () => {
    const alone = file(5);
    const all = steps(() => alone.nextWhole());
    expect(all.map(({ task, chunks }) => [task.kind, task.span, chunks])).toEqual(
      [0, 1, 2, 3, 4].map((span) => ['whole', span, true]),
    );
    expect(alone.nextChunks()).toBe(null);
    for (const step of all.slice(0, -1)) take(alone, step);
    expect(alone.complete).toBe(false);
    take(alone, all.at(-1)!, 'id');
    expect(alone.complete).toBe(true);
    expect(alone.octets).toBe(5 * SPAN);
    for (let span = 0; span < 5; span++) expect(alone.hashes[span * 64 * 32]).toBe(span + 1);
  });

  test('a helper takes chunks ahead of it, each span once', () => {
    const shared = file(6);
    shared.nextWhole();
    const helped = [shared.nextChunks()!, shared.nextChunks()!];
    expect(helped.map(({ task }) => [task.kind, task.span])).toEqual([
      ['chunks', 1],
      ['chunks', 2],
    ]);
    const rest = steps(() => shared.nextWhole());
    expect(rest.map(({ chunks }) => chunks)).toEqual([false, false, true, true, true]);
  });

  test('a helper does not run out of what the page cache may hold', () => {
    const huge = file(1000);
    huge.nextWhole();
    expect(steps(() => huge.nextChunks())).toHaveLength(16);
    huge.nextWhole();
    expect(steps(() => huge.nextChunks())).toHaveLength(1);
  });

  test('the octets of a last span that is not full', () => {
    const odd = new LargeFile(0, '/file', look(SPAN + 1), true, 1);
    const [first, last] = steps(() => odd.nextWhole());
    take(odd, first!);
    odd.took(last!, new Uint8Array(32).fill(9), 'id');
    expect(odd.hashes).toHaveLength(65 * 32);
    expect(odd.hashes[64 * 32]).toBe(9);
    expect(odd.octets).toBe(SPAN + 1);
  });

  test('content id alone', () => {
    const plain = file(2, false);
    const all = steps(() => plain.nextWhole());
    expect(all.map(({ chunks }) => chunks)).toEqual([false, false]);
    expect(plain.nextChunks()).toBe(null);
    take(plain, all[0]!);
    expect(plain.octets).toBe(SPAN);
    take(plain, all[1]!, 'id');
    expect(plain.complete).toBe(true);
  });

  test('after a loss nothing is done twice but the whole-file hash', () => {
    const unlucky = file(4);
    unlucky.owner = 0;
    const [first, second] = [unlucky.nextWhole()!, unlucky.nextWhole()!];
    take(unlucky, first);
    unlucky.lost(second);
    unlucky.restart(2);
    expect(unlucky.owner).toBe(null);
    const again = steps(() => unlucky.nextWhole());
    expect(again.map(({ task, chunks }) => [task.span, chunks])).toEqual([
      [0, false],
      [1, false],
      [2, true],
      [3, true],
    ]);
    const lostSpan = unlucky.nextChunks()!;
    expect(lostSpan.task.span).toBe(1);
    // The answer of the first life comes late: its part of the whole-file hash counts for nothing.
    unlucky.took({ ...second, chunks: false }, null, 'old');
    expect(unlucky.contentId).toBe(null);
    for (const step of [...again.slice(0, -1), lostSpan]) take(unlucky, step);
    take(unlucky, again.at(-1)!, 'new');
    expect(unlucky.complete).toBe(true);
    expect(unlucky.contentId).toBe('new');
  });
});

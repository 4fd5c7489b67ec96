import { describe, expect, test } from 'vitest';
import { HashJob } from '../../../src/actors/hashing/hash-job.ts';
import type { JobStep } from '../../../src/actors/hashing/pool.ts';
import type { PoolTask, ScanOutcome } from '../../../src/actors/hashing/pool-task.ts';

const look = (size: number) => ({ size, mtimeNs: 1n, ctimeNs: 2n, inode: 3n, device: 4n });
const small = (octets = 32): ScanOutcome => ({
  kind: 'hashed',
  look: look(1),
  contentId: 'id',
  hashes: new Uint8Array(octets),
  chunkListHash: 'list',
});
const large: ScanOutcome = { kind: 'large', look: look(100 << 20) };

function jobOf(paths: readonly string[]) {
  const sent: PoolTask[] = [];
  const spawned: Promise<void>[] = [];
  const job = new HashJob(paths, {
    chunks: true,
    onChange() {},
    spawn: (work) => void spawned.push(work()),
    send: (_, task) => void sent.push(task),
  });
  return { job, sent, spawned };
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `/${i}`);
const pathsOf = ({ task }: JobStep) => (task.kind === 'scan' ? task.paths : []);

describe('a job', () => {
  test('begins nothing new while its results lie unclaimed, and goes on when they are taken', () => {
    const { job } = jobOf(names(5000));
    let scanned = 0;
    for (let step = job.next(0, true); step !== null; step = job.next(0, true)) {
      scanned += pathsOf(step).length;
      step.done({ kind: 'scan', outcomes: pathsOf(step).map(() => small()) });
    }
    expect(scanned).toBeGreaterThan(1000);
    expect(scanned).toBeLessThan(1200);
    while (job.take(256, 1 << 20).length > 0);
    expect(job.next(0, true)).not.toBe(null);
  });

  test('few results with long hash lists hold it back as well', () => {
    const { job } = jobOf(names(5000));
    let scanned = 0;
    for (let step = job.next(0, true); step !== null; step = job.next(0, true)) {
      scanned += pathsOf(step).length;
      step.done({ kind: 'scan', outcomes: pathsOf(step).map(() => small(256 << 10)) });
    }
    expect(scanned).toBeLessThan(100);
  });

  test('takes results in portions', () => {
    const { job } = jobOf(names(10));
    const step = job.next(0, true)!;
    step.done({ kind: 'scan', outcomes: pathsOf(step).map(() => small(100)) });
    expect(job.take(3, 1000)).toHaveLength(3);
    expect(job.take(10, 150)).toHaveLength(2);
    expect(job.take(10, 1)).toHaveLength(1);
    expect(job.ended).toBe(false);
    expect(job.take(10, 1000)).toHaveLength(4);
    expect(job.ended).toBe(true);
  });

  test('comes back to the paths a scan did not reach', () => {
    const { job } = jobOf(names(3));
    job.next(0, true)!.done({ kind: 'scan', outcomes: [small()] });
    expect(pathsOf(job.next(0, true)!)).toEqual(['/1', '/2']);
  });

  test('each thread has a large file of its own; a thread without one helps', () => {
    const { job } = jobOf(names(2));
    job.next(0, true)!.done({ kind: 'scan', outcomes: [large, large] });
    expect([0, 1, 2].map((thread) => job.next(thread, true)!.task)).toEqual([
      expect.objectContaining({ kind: 'whole', path: '/0', span: 0 }),
      expect.objectContaining({ kind: 'whole', path: '/1', span: 0 }),
      expect.objectContaining({ kind: 'chunks', path: '/0', span: 1 }),
    ]);
    expect(job.next(1, false)!.task).toMatchObject({ kind: 'whole', path: '/1', span: 1 });
  });

  test('after a death, what was under way runs alone; a second death is the file’s own fault', () => {
    const { job, sent } = jobOf(names(1));
    job.next(0, true)!.done({ kind: 'scan', outcomes: [large] });
    const [first, second, help] = [job.next(0, true)!, job.next(0, false)!, job.next(1, true)!];
    first.lost(new Error('gone'));
    second.lost(new Error('gone'));
    help.done({ kind: 'span', hashes: new Uint8Array(2048), contentId: null });
    // Nothing for a thread that is busy with something else.
    expect(job.next(0, false)).toBe(null);
    const again = job.next(0, true)!;
    expect(again).toMatchObject({ alone: true, task: { kind: 'whole', span: 0 } });
    again.lost(new Error('gone again'));
    expect(job.take(1, 1)).toEqual([
      {
        index: 0,
        error: expect.objectContaining({
          code: 'E_INTERNAL',
          subject: '/0',
          cause: expect.objectContaining({ message: 'gone again' }),
        }),
      },
    ]);
    expect(job.ended).toBe(true);
    expect(sent.filter(({ kind }) => kind === 'drop').length).toBeGreaterThan(0);
  });

  test('small files of a lost scan are looked at one by one', () => {
    const { job } = jobOf(names(3));
    job.next(0, true)!.lost(new Error('gone'));
    expect(job.next(0, false)).toBe(null);
    for (const path of ['/0', '/1', '/2']) {
      const step = job.next(0, true)!;
      expect([pathsOf(step), step.alone]).toEqual([[path], true]);
      if (path === '/1') step.lost(new Error('gone'));
      else step.done({ kind: 'scan', outcomes: [small()] });
    }
    expect(job.take(3, 1000).map((result) => 'error' in result)).toEqual([false, true, false]);
    expect(job.ended).toBe(true);
  });

  test('a thread that does not hold the hash any more: the file begins again, without blame', () => {
    const { job } = jobOf(names(1));
    job.next(0, true)!.done({ kind: 'scan', outcomes: [large] });
    job.next(0, true)!.done({ kind: 'span', hashes: new Uint8Array(2048), contentId: null });
    job.next(0, true)!.done({ kind: 'unknown-hash' });
    expect(job.next(1, true)).toMatchObject({
      alone: false,
      task: { kind: 'whole', span: 0, chunks: false },
    });
  });

  test('nothing more once it is cancelled', () => {
    const { job, sent } = jobOf(names(200));
    job.next(0, true)!.done({ kind: 'scan', outcomes: [large] });
    job.next(0, true);
    job.cancel();
    expect(job.next(0, true)).toBe(null);
    expect(sent).toEqual([expect.objectContaining({ kind: 'drop' })]);
  });

  test('octets only rise, though a file begins again', () => {
    const { job } = jobOf(names(1));
    job.next(0, true)!.done({ kind: 'scan', outcomes: [large] });
    job.next(0, true)!.done({ kind: 'span', hashes: new Uint8Array(2048), contentId: null });
    const before = job.octets;
    expect(before).toBeGreaterThan(0);
    job.next(0, true)!.lost(new Error('gone'));
    expect(job.octets).toBe(before);
  });
});

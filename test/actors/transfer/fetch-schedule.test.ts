import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkMap } from '../../../src/actors/chunk-map.ts';
import { type Batch, FetchSchedule } from '../../../src/actors/transfer/fetch-schedule.ts';
import type { FetchOrder, ScheduledFile } from '../../../src/actors/transfer/free-chunks.ts';

const CHUNK = 262_144;
const SPREAD: FetchOrder = { kind: 'spread', seed: 7 };
const MUCH = { bytes: 1 << 30, files: 1_000 };

const file = (chunks: number, have: readonly number[] = [], last = CHUNK) => {
  const map = ChunkMap.none(chunks);
  for (const chunk of have) map.add(chunk);
  return { size: (chunks - 1) * CHUNK + last, chunks, have: map };
};
const scheduleOf = (files: readonly ScheduledFile[], order: FetchOrder = SPREAD) =>
  new FetchSchedule(files, () => order);
const chunksOf = ({ portions }: Batch): string[] =>
  portions.flatMap(({ file, wanted }) =>
    Array.from({ length: wanted.chunks }, (_, chunk) => chunk)
      .filter((chunk) => wanted.has(chunk))
      .map((chunk) => `${file}/${chunk}`),
  );

describe('who gets what', () => {
  test('small files whole and in order, big ones in parts, up to the budget', () => {
    const schedule = scheduleOf([file(1), file(1), file(10)]);
    const [a, b] = [schedule.join(), schedule.join()];
    expect(chunksOf(schedule.take(a, { bytes: 4 * CHUNK, files: 16 }, 0)!)).toEqual([
      '0/0',
      '1/0',
      '2/0',
      '2/1',
    ]);
    expect(chunksOf(schedule.take(b, { bytes: 4 * CHUNK, files: 1 }, 0)!)).toEqual([
      '2/2',
      '2/3',
      '2/4',
      '2/5',
    ]);
    expect(schedule.left).toBe(12);
  });

  test('what is here already is asked of nobody', () => {
    const schedule = scheduleOf([file(4, [0, 2]), file(1, [0]), file(2)]);
    expect(chunksOf(schedule.take(schedule.join(), MUCH, 0)!)).toEqual(['0/1', '0/3', '2/0', '2/1']);
  });

  test('a refused file is not asked of that provider until then', () => {
    const schedule = scheduleOf([file(1), file(1)]);
    const a = schedule.join();
    schedule.refuse(a, 0, 100);
    schedule.refuse(a, 1, Number.POSITIVE_INFINITY);
    expect(schedule.take(a, MUCH, 99)).toBeNull();
    expect(schedule.refusedUntil(a, 99)).toBe(100);
    expect(schedule.refusedUntil(a, 100)).toBeNull();
    expect(chunksOf(schedule.take(a, MUCH, 100)!)).toEqual(['0/0']);
  });

  test('what a batch did not bring is free when it ends, or its provider leaves', () => {
    const schedule = scheduleOf([file(4)]);
    const [a, b] = [schedule.join(), schedule.join()];
    const batch = schedule.take(a, MUCH, 0)!;
    schedule.written(batch.id, 0, 1, 2);
    schedule.leave(a);
    expect(schedule.take(a, MUCH, 0)).toBeNull();
    expect(chunksOf(schedule.take(b, MUCH, 0)!)).toEqual(['0/0', '0/3']);
  });

  test('at the end an idle provider is given the later half of what another one still has to bring', () => {
    const schedule = scheduleOf([file(8)]);
    const [slow, fast] = [schedule.join(), schedule.join()];
    const first = schedule.take(slow, MUCH, 0)!;
    expect(schedule.take(slow, MUCH, 0)).toBeNull();
    const second = schedule.take(fast, MUCH, 0)!;
    expect(chunksOf(second)).toEqual(['0/4', '0/5', '0/6', '0/7']);
    // It has something under way, and nothing is asked of three.
    expect(schedule.take(fast, MUCH, 0)).toBeNull();
    expect(schedule.written(second.id, 0, 4, 4)).toMatchObject({ bytes: 4 * CHUNK, obsolete: [] });
    schedule.ended(second.id);
    const third = schedule.take(fast, MUCH, 0)!;
    expect(chunksOf(third)).toEqual(['0/2', '0/3']);
    schedule.written(third.id, 0, 2, 2);
    schedule.ended(third.id);
    expect(chunksOf(schedule.take(fast, MUCH, 0)!)).toEqual(['0/1']);
    // What comes twice counts once.
    expect(schedule.written(first.id, 0, 4, 4)).toMatchObject({ bytes: 0, whole: false });
    expect(schedule.left).toBe(2);
  });

  test('a batch of which others brought everything is obsolete; who may still write to a whole file is told', () => {
    const schedule = scheduleOf([file(1), file(1, [], 5)]);
    const [slow, fast] = [schedule.join(), schedule.join()];
    const first = schedule.take(slow, MUCH, 0)!;
    const second = schedule.take(fast, MUCH, 0)!;
    expect(chunksOf(second)).toEqual(['1/0']);
    expect(schedule.written(second.id, 1, 0, 1)).toEqual({
      bytes: 5,
      whole: true,
      writing: [first.id, second.id],
      obsolete: [],
    });
    schedule.ended(second.id);
    const third = schedule.take(fast, MUCH, 0)!;
    expect(schedule.written(third.id, 0, 0, 1)).toMatchObject({ whole: true, obsolete: [first.id] });
    expect(schedule.left).toBe(0);
  });

  test('a file that lost chunks comes again', () => {
    const files = [file(3), file(2)];
    const schedule = scheduleOf(files);
    const a = schedule.join();
    const batch = schedule.take(a, MUCH, 0)!;
    schedule.written(batch.id, 0, 0, 3);
    schedule.ended(batch.id);
    files[0]!.have.delete(1);
    schedule.again(0);
    expect(schedule.left).toBe(3);
    expect(chunksOf(schedule.take(a, MUCH, 0)!)).toEqual(['0/1', '1/0', '1/1']);
  });
});

const chunkNumbers = (batch: Batch | null): number[] =>
  batch === null ? [] : chunksOf(batch).map((name) => Number(name.split('/')[1]));

describe('where each one begins', () => {
  const EIGHT = { bytes: 8 * CHUNK, files: 16 };

  test('the first goes from the beginning, each other from a place of its own, and then round', () => {
    const schedule = scheduleOf([file(400)]);
    const [a, b, c] = [schedule.join(), schedule.join(), schedule.join()];
    const first = chunkNumbers(schedule.take(a, EIGHT, 0));
    expect(first).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const begins = [b, c].map((provider) => chunkNumbers(schedule.take(provider, EIGHT, 0))[0]!);
    expect(new Set([0, ...begins]).size).toBe(3);
    // In a row from there.
    expect(chunkNumbers(schedule.take(b, EIGHT, 0))[0]).toBe(begins[0]! + 8);
    expect(chunkNumbers(schedule.take(a, EIGHT, 0))).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
    const seen = new Set<number>();
    for (let batch = schedule.take(b, EIGHT, 0); batch !== null; batch = schedule.take(b, EIGHT, 0))
      for (const chunk of chunkNumbers(batch)) seen.add(chunk);
    expect(seen.has(16)).toBe(true);
    expect(seen.has(399)).toBe(true);
    expect(seen.size).toBe(400 - 16 - 8 - 8 - 8);
  });

  test('other seeds, other places; the only one left begins at the beginning', () => {
    const beginOf = (seed: number) => {
      const schedule = scheduleOf([file(4_000)], { kind: 'spread', seed });
      schedule.join();
      return chunkNumbers(schedule.take(schedule.join(), EIGHT, 0))[0];
    };
    const begins = Array.from({ length: 40 }, (_, seed) => beginOf(seed)!);
    expect(new Set(begins).size).toBeGreaterThan(35);
    expect(Math.max(...begins)).toBeGreaterThan(3_000);
    expect(beginOf(3)).toBe(beginOf(3));
    const schedule = scheduleOf([file(400)]);
    schedule.leave(schedule.join());
    expect(chunkNumbers(schedule.take(schedule.join(), EIGHT, 0))[0]).toBe(0);
  });

  test('files keep their order, and small ones are not scattered', () => {
    const schedule = scheduleOf([file(10), file(400)]);
    schedule.join();
    const late = schedule.join();
    const names = chunksOf(schedule.take(late, { bytes: 10 * CHUNK, files: 1 }, 0)!);
    expect(names[0]).toBe('0/0');
    expect(names).toHaveLength(10);
  });
});

describe('in sequence', () => {
  const sequential: FetchOrder = { kind: 'sequential', windowBytes: 16 * CHUNK };

  test('nothing beyond the window, which moves with the first missing chunk', () => {
    const schedule = scheduleOf([file(40)], sequential);
    const a = schedule.join();
    const batches = Array.from({ length: 5 }, () => schedule.take(a, MUCH, 0));
    expect(batches.map(chunkNumbers)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
      [12, 13, 14, 15],
      [],
    ]);
    // Behind the first missing one nothing moves.
    schedule.written(batches[1]!.id, 0, 4, 4);
    schedule.ended(batches[1]!.id);
    expect(schedule.take(a, MUCH, 0)).toBeNull();
    schedule.written(batches[0]!.id, 0, 0, 3);
    expect(chunkNumbers(schedule.take(a, MUCH, 0))).toEqual([16, 17, 18]);
    schedule.written(batches[0]!.id, 0, 3, 1);
    expect(chunkNumbers(schedule.take(a, MUCH, 0))).toEqual([19, 20, 21, 22]);
  });

  test('it reaches over the ends of files', () => {
    const schedule = scheduleOf([file(2, [], 1), file(1, [0], 5), file(30)], sequential);
    const a = schedule.join();
    expect(chunksOf(schedule.take(a, MUCH, 0)!)).toEqual(['0/0', '0/1', '2/0', '2/1', '2/2']);
  });

  test('whoever has nothing to do helps with what is needed first', () => {
    const schedule = scheduleOf([file(40)], sequential);
    const [slow, fast] = [schedule.join(), schedule.join()];
    for (let taken = 0; taken < 4; taken++) schedule.take(slow, MUCH, 0);
    const help = schedule.take(fast, MUCH, 0)!;
    expect(chunkNumbers(help)).toEqual([0, 1]);
    schedule.written(help.id, 0, 0, 2);
    schedule.ended(help.id);
    expect(chunkNumbers(schedule.take(fast, MUCH, 0))).toEqual([16, 17]);
  });

  test('it may begin on the way, and end', () => {
    let order: FetchOrder = SPREAD;
    const schedule = new FetchSchedule([file(400)], () => order);
    const [a, b] = [schedule.join(), schedule.join()];
    const begin = chunkNumbers(schedule.take(b, { bytes: 4 * CHUNK, files: 1 }, 0))[0]!;
    expect(begin).toBeGreaterThan(16);
    order = sequential;
    expect(chunkNumbers(schedule.take(b, MUCH, 0))).toEqual([0, 1, 2, 3]);
    order = SPREAD;
    expect(chunkNumbers(schedule.take(b, { bytes: 4 * CHUNK, files: 1 }, 0))[0]).toBe(begin + 4);
    expect(chunkNumbers(schedule.take(a, { bytes: 4 * CHUNK, files: 1 }, 0))).toEqual([4, 5, 6, 7]);
  });
});

// Any order of answers, failures, comings and goings: what is here is counted once and nothing else is, a chunk is asked
// of two at most, nothing is lost, and as long as somebody is left who may be asked, it ends.
const scenario = fc.record({
  files: fc.array(
    fc.record({
      // Long enough for places of their own, now and then.
      chunks: fc.oneof(
        { arbitrary: fc.integer({ min: 1, max: 12 }), weight: 9 },
        { arbitrary: fc.integer({ min: 64, max: 80 }), weight: 1 },
      ),
      have: fc.array(fc.integer({ min: 0, max: 79 })),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  budget: fc.record({ bytes: fc.integer({ min: 1, max: 8 * CHUNK }), files: fc.integer({ min: 1, max: 4 }) }),
  seeds: fc.array(fc.nat(), { minLength: 1, maxLength: 200 }),
  order: fc.oneof(
    fc.record({ kind: fc.constant('spread' as const), seed: fc.nat() }),
    fc.record({
      kind: fc.constant('sequential' as const),
      windowBytes: fc.integer({ min: 1, max: 20 * CHUNK }),
    }),
  ),
});

test('every chunk comes exactly once, and none is lost, whatever happens', () => {
  fc.assert(
    fc.property(scenario, ({ files: shapes, budget, seeds, order }) => {
      const files = shapes.map(({ chunks, have }) =>
        file(
          chunks,
          have.filter((chunk) => chunk < chunks),
        ),
      );
      const before = files.map(({ have }) => have.copy());
      const schedule = scheduleOf(files, order);
      const came = new Map<string, number>();
      let step = 0;
      const dice = (sides: number) => {
        const seed = seeds[step++ % seeds.length]! + 31 * step;
        return (Math.imul(seed ^ (seed >>> 7), 2_654_435_761) >>> 8) % sides;
      };
      const providers = new Set([schedule.join(), schedule.join(), schedule.join()]);
      // This one stays and is never refused anything: so there is an end.
      const good = schedule.join();
      const batches = new Map<number, { batch: Batch; open: string[] }>();
      const end = (id: number) => {
        schedule.ended(id);
        batches.delete(id);
      };
      const takeOne = (provider: number) => {
        const batch = schedule.take(provider, budget, step);
        if (batch === null) return;
        const open = chunksOf(batch);
        expect(open.length).toBeGreaterThan(0);
        for (const name of open) {
          const [of, chunk] = name.split('/').map(Number) as [number, number];
          expect(files[of]!.have.has(chunk)).toBe(false);
          const holders = [...batches.values()].filter(({ open }) => open.includes(name)).length;
          expect(holders).toBeLessThan(2);
        }
        batches.set(batch.id, { batch, open });
      };
      const bring = (id: number) => {
        const { batch, open } = batches.get(id)!;
        const name = open.splice(dice(open.length), 1)[0]!;
        const [of, chunk] = name.split('/').map(Number) as [number, number];
        const arrival = schedule.written(batch.id, of, chunk, 1);
        if (arrival.bytes > 0) came.set(name, (came.get(name) ?? 0) + 1);
        for (const other of arrival.obsolete) end(other);
        if (open.length === 0 && batches.has(id)) end(id);
      };
      for (let turns = 0; schedule.left > 0; turns++) {
        expect(turns).toBeLessThan(20_000);
        const all = [...providers, good];
        const running = [...batches.keys()];
        const mine = running.filter((id) => batches.get(id)!.batch.provider === good);
        switch (turns < 300 ? dice(8) : 8 + (mine.length > 0 ? 1 : 0)) {
          case 0:
          case 1:
            takeOne(all[dice(all.length)]!);
            break;
          case 2:
          case 3:
          case 4:
            if (running.length > 0) bring(running[dice(running.length)]!);
            break;
          case 5:
            if (running.length > 0) end(running[dice(running.length)]!);
            break;
          case 6: {
            const gone = [...providers][dice(3)]!;
            for (const id of running) if (batches.get(id)!.batch.provider === gone) batches.delete(id);
            schedule.leave(gone);
            providers.delete(gone);
            providers.add(schedule.join());
            break;
          }
          case 7:
            schedule.refuse([...providers][dice(3)]!, dice(files.length), step + dice(100));
            break;
          case 8:
            takeOne(good);
            if ([...batches.values()].every(({ batch }) => batch.provider !== good)) {
              // Everything is asked of two: one of the others has to fail.
              const other = running.find((id) => batches.get(id)!.batch.provider !== good);
              expect(other).toBeDefined();
              end(other!);
            }
            break;
          default:
            bring(mine[0]!);
        }
      }
      for (const [index, { chunks, have }] of files.entries()) {
        expect(have.full).toBe(true);
        for (let chunk = 0; chunk < chunks; chunk++) {
          expect(came.get(`${index}/${chunk}`) ?? 0).toBe(before[index]!.has(chunk) ? 0 : 1);
        }
      }
    }),
    { numRuns: 300 },
  );
});

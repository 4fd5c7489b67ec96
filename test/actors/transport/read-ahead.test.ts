import { expect, test } from 'vitest';
import { type Range, ReadAhead, Scratch } from '../../../src/actors/transport/read-ahead.ts';

const CHUNK = 262_144;
const MIB = 1 << 20;
const SIZE = 1_000 * CHUNK;

const at = (ahead: ReadAhead, chunk: number, size = SIZE) => ahead.reads(chunk * CHUNK, CHUNK, size);

test('who goes through in order is read ahead of, further and further, and nothing twice', () => {
  const ahead = new ReadAhead();
  const near: Range[] = [];
  let furthest = 0;
  for (let chunk = 0; chunk < 100; chunk++) {
    const range = at(ahead, chunk);
    if (chunk === 0) expect(range).toBeNull();
    if (range === null) continue;
    // Gapless, each behind the one before, and behind what is read now.
    expect(range.position).toBe(near.length === 0 ? (chunk + 1) * CHUNK : furthest);
    expect(range.length).toBeLessThanOrEqual(4 * MIB);
    furthest = range.position + range.length;
    near.push(range);
    if (chunk > 1) expect(furthest).toBeGreaterThan((chunk + 1) * CHUNK);
  }
  expect(near[0]).toEqual({ position: 2 * CHUNK, length: MIB / 2 });
  expect(near.at(-1)!.length).toBeGreaterThanOrEqual(2 * MIB);
  expect(near.length).toBeLessThan(25);
});

test('many at once, each for himself', () => {
  const ahead = new ReadAhead();
  const places = Array.from({ length: 32 }, (_, i) => i * 30);
  let ranges = 0;
  for (let step = 0; step < 20; step++)
    for (const place of places) if (at(ahead, place + step) !== null) ranges++;
  expect(ranges).toBeGreaterThanOrEqual(32 * 4);
  // One more than are remembered: whoever reads next finds himself forgotten.
  const crowded = new ReadAhead();
  for (let step = 0; step < 3; step++)
    for (let i = 0; i < 33; i++) expect(at(crowded, i * 30 + step)).toBeNull();
});

test('who jumps about is not read ahead of; nor is anything behind the end', () => {
  const ahead = new ReadAhead();
  for (const chunk of [5, 900, 17, 3, 44, 2, 901 - 300]) expect(at(ahead, chunk)).toBeNull();
  const short = new ReadAhead();
  const size = 3 * CHUNK - 5;
  expect(at(short, 0, size)).toBeNull();
  expect(short.reads(CHUNK, CHUNK, size)).toEqual({ position: 2 * CHUNK, length: CHUNK - 5 });
  expect(short.reads(2 * CHUNK, CHUNK - 5, size)).toBeNull();
});

test('two are read at once at most', () => {
  const scratch = new Scratch();
  expect(scratch.take()).toBe(scratch.take());
  expect(scratch.take()).toBeNull();
  scratch.give();
  expect(scratch.take()).not.toBeNull();
});

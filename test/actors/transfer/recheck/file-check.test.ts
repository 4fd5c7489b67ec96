import { expect, test } from 'vitest';
import { ChunkMap } from '../../../../src/actors/chunk-map.ts';
import type { CheckedPart } from '../../../../src/actors/hashing/contract.ts';
import type { HeldEntry } from '../../../../src/actors/recheck-types.ts';
import { badChunks, badCount, offsetOf } from '../../../../src/actors/transfer/recheck/bad-chunks.ts';
import { FileCheck } from '../../../../src/actors/transfer/recheck/file-check.ts';
import { blake3 } from '../../../../src/protocol/crypto/blake3.ts';
import { toHex } from '../../../../src/protocol/crypto/bytes.ts';
import { CHUNK_SIZE, chunkCount } from '../../../../src/protocol/objects/chunks.ts';
import { hashesOf } from '../scripted-provider.ts';
import { content } from '../world.ts';

const bytes = content(1, 5 * CHUNK_SIZE + 10);
const list = hashesOf(bytes);
const look = { mtimeNs: 1n, ctimeNs: 2n, inode: 3n };
const entry = (change: Partial<HeldEntry> = {}): HeldEntry => ({
  ...{ path: '/f', contentId: toHex(blake3(bytes)), size: bytes.length, place: null, shareId: null },
  ...{ ...look, chunkCount: chunkCount(bytes.length), chunkListHash: toHex(blake3(list)) },
  ...{ epoch: 1, gone: false, damaged: false, adopted: false, ...change },
});
/** What the pool says of chunks of a file that holds these octets. */
const part = (
  of: Uint8Array,
  first: number,
  end: number,
  change: Partial<CheckedPart> = {},
): CheckedPart => ({
  ...{ index: 0, size: of.length, ...look, unreadable: [] },
  hashes: hashesOf(of.subarray(first * CHUNK_SIZE, Math.min(end * CHUNK_SIZE, bytes.length))),
  ...change,
});
function checked(of: Uint8Array, change: Partial<HeldEntry> = {}, withList = true): FileCheck {
  const check = new FileCheck(entry(change));
  check.compareWith(withList ? list : null);
  expect(check.take(0, 4, part(of, 0, 4))).toBe(Math.min(of.length, 4 * CHUNK_SIZE));
  check.take(4, 6, part(of, 4, 6));
  return check;
}
const changed = (...places: number[]) => {
  const other = bytes.slice();
  for (const place of places) other[place]! ^= 1;
  return other;
};

test.each([true, false])('what is right is right, with the list and without (%s)', (withList) => {
  const check = checked(bytes, {}, withList);
  expect(check.outcome()).toMatchObject({ state: 'right', look });
  expect(check.restored).toEqual(withList ? null : list);
});

test.each([
  ['a download', {}, 'damaged'],
  ['an own file that looks as it did', { place: 1 }, 'damaged'],
  ['an own file that was touched', { place: 1, mtimeNs: 9n }, 'changed'],
])('other octets: %s', (_, change, state) => {
  const check = checked(changed(CHUNK_SIZE, bytes.length - 1), change);
  expect(check.outcome()).toMatchObject({ state });
  const wrong = { state: 'damaged' as const, size: bytes.length, bad: check.bad.octets };
  expect(badChunks(wrong, 9)).toEqual([1, 5]);
  expect(badChunks(wrong, 1)).toEqual([1]);
  expect(badCount(wrong)).toBe(2);
  expect(checked(changed(7), change, false).outcome()).toMatchObject({ state });
});

test('another length', () => {
  const short = checked(bytes.subarray(0, 3 * CHUNK_SIZE + 1));
  expect(short.outcome()).toMatchObject({ state: 'short', found: 3 * CHUNK_SIZE + 1 });
  expect(badChunks({ state: 'short', size: bytes.length, bad: short.bad.octets }, 9)).toEqual([3, 4, 5]);
  const none = new FileCheck(entry());
  none.compareWith(list);
  none.take(0, 6, part(new Uint8Array(0), 0, 6));
  expect(none.outcome()).toMatchObject({ state: 'short', found: 0 });
  expect(none.bad.full).toBe(true);
  const long = checked(Buffer.concat([bytes, Buffer.from('more')]));
  expect(long.outcome()).toMatchObject({ state: 'long', found: bytes.length + 4 });
  const wrong = { state: 'long' as const, size: bytes.length, bad: long.bad.octets };
  expect(badChunks(wrong, 9)).toEqual([6]);
  expect(offsetOf(6, bytes.length)).toBe(bytes.length);
  expect(badCount(wrong)).toBe(1);
});

test('what cannot be read, in whole or in part', () => {
  const error = (code: string) => ({ code, message: 'words', retryable: false });
  for (const [code, state] of [
    ['E_NOT_FOUND', 'missing'],
    ['E_IO', 'unreadable'],
    ['E_PATH_INVALID', 'unreadable'],
    ['E_FILE_CHANGED', 'busy'],
  ] as const) {
    const check = new FileCheck(entry());
    check.compareWith(list);
    check.fail(0, 6, error(code));
    expect(check.outcome()).toMatchObject({ state, found: null });
  }
  const sector = new FileCheck(entry());
  sector.compareWith(list);
  sector.take(0, 6, part(bytes, 0, 6, { unreadable: [2] }));
  expect(sector.outcome()).toMatchObject({ state: 'unreadable', found: bytes.length });
  expect([...Array(6).keys()].filter((chunk) => sector.bad.has(chunk))).toEqual([2]);
  for (const state of ['offline', 'busy'] as const)
    expect(badCount({ state, size: bytes.length, bad: null })).toBe(0);
  expect(badChunks({ state: 'missing', size: bytes.length, bad: null }, 9)).toEqual([0]);
});

test('a file that looks different from one part to the next is being written', () => {
  const check = new FileCheck(entry());
  check.compareWith(list);
  check.take(0, 4, part(bytes, 0, 4));
  check.take(4, 6, part(bytes, 4, 6, { mtimeNs: 5n }));
  expect(check.outcome()).toMatchObject({ state: 'busy' });
});

test('what an earlier run compared counts as far as it came, and no further', () => {
  const bad = ChunkMap.none(6);
  bad.addRange(1, 4);
  const check = new FileCheck(entry());
  check.goOn(3, bad, look);
  check.compareWith(list);
  check.take(3, 6, part(bytes, 3, 6));
  expect(badChunks({ state: 'damaged', size: bytes.length, bad: check.bad.octets }, 9)).toEqual([1, 2]);
  const other = new FileCheck(entry());
  other.goOn(3, bad, { ...look, mtimeNs: 7n });
  other.compareWith(list);
  other.take(3, 6, part(bytes, 3, 6));
  expect(other.outcome()).toMatchObject({ state: 'busy' });
});

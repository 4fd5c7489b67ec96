import { expect, test } from 'vitest';
import { parseQuery } from '../../../src/actors/search/query.ts';
import { buildSegment } from '../../../src/actors/search/segment-builder.ts';
import { Segment } from '../../../src/actors/search/segment-reader.ts';
import { Shares, searchedShare } from '../../../src/actors/search/shares.ts';
import { TermPlaces } from '../../../src/actors/search/term-places.ts';
import { subscriptionOf } from '../sync/world.ts';

/** Enough for a word of all of them to be remembered. */
const SHARES = 70;

function finished<T>(work: Generator<undefined, T, void>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

function shareOf(i: number, names: readonly string[]) {
  const shareId = i.toString(16).padStart(64, '0');
  const rows = names.map((name, at) => ({
    contentId: new Uint8Array(32).fill(at),
    size: at,
    name,
    path: null,
    tags: [],
  }));
  const { index } = finished(buildSegment(rows, new Uint8Array(32)));
  return searchedShare(subscriptionOf(shareId, shareId, []), 1, Segment.open(index)!);
}

const found = (shares: Shares, text: string) =>
  finished(shares.search(parseQuery(text)!, 1000, () => true)).map(
    ({ share, tier, nth }) => `${Number.parseInt(share.shareId, 16)} ${tier} ${nth}`,
  );

test('a word is found where it is, asked again, and after shares were replaced by others', () => {
  const names = (i: number) => [
    'night',
    ...(i % 2 === 0 ? ['song of the night'] : ['a', 'bird', 'nightly song']),
  ];
  const shares = new Shares();
  for (let i = 0; i < SHARES; i++) shares.set(shareOf(i, names(i)));
  const QUERIES = ['night', 'night song', 'song night', 'nigh', 'song'];
  const first = QUERIES.map((text) => found(shares, text));
  expect(QUERIES.map((text) => found(shares, text))).toEqual(first);

  const other = (i: number) => (i % 5 === 0 ? ['bird', 'a nigh song'] : names(i));
  for (let i = 0; i < SHARES; i += 5) shares.set(shareOf(i, other(i)));
  const anew = new Shares();
  for (let i = 0; i < SHARES; i++) anew.set(shareOf(i, other(i)));
  expect(QUERIES.map((text) => found(shares, text))).toEqual(QUERIES.map((text) => found(anew, text)));
});

test('each share is asked once for a word, also for one it lacks; the words asked for last are kept', () => {
  const places = new TermPlaces();
  let asked = 0;
  const find = (place: number) => () => {
    asked++;
    return place;
  };
  for (const place of [0, 5, ~0, ~5]) {
    const of = places.of(`word ${place}`, 8);
    expect(of.in(3, find(place))).toBe(place);
    expect(of.in(3, find(77))).toBe(place);
  }
  expect(asked).toBe(4);
  for (let i = 0; i < 100; i++) places.of(`other ${i}`, 8);
  expect(places.octets).toBe(32 * 8 * 4);
  places.clear();
  expect(places.octets).toBe(0);
});

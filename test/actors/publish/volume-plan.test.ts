import fc from 'fast-check';
import { expect, test } from 'vitest';
import { itemOctets, planVolumes, VOLUME_LIMITS } from '../../../src/actors/publish/volume-plan.ts';
import { encodeManifest, signManifest } from '../../../src/protocol/objects/manifest.ts';
import { MAX_PAYLOAD } from '../../../src/protocol/wire/limits.ts';
import { key } from './world.ts';

const LIMITS = { items: 5, chunks: 40, octets: 1_000 };
const files = fc.uniqueArray(
  fc.record({
    inside: fc.string({ maxLength: 4 }),
    chunks: fc.nat(20),
    octets: fc.integer({ min: 1, max: 400 }),
  }),
  { selector: ({ inside }) => inside, maxLength: 60 },
);
const whereOf = (plan: readonly (readonly { inside: string }[])[]) =>
  new Map(plan.flatMap((volume, number) => volume.map(({ inside }) => [inside, number] as const)));

test('every file is in one volume, and no volume holds more than a manifest carries', () => {
  fc.assert(
    fc.property(files, fc.array(fc.tuple(fc.nat(60), fc.nat(8))), (all, placed) => {
      const before = new Map(placed.flatMap(([i, n]) => (all[i] ? [[all[i].inside, n] as const] : [])));
      const plan = planVolumes(all, before, LIMITS);
      expect(
        plan
          .flat()
          .map(({ inside }) => inside)
          .sort(),
      ).toEqual(all.map(({ inside }) => inside).sort());
      for (const volume of plan) {
        expect(volume.length).toBeLessThanOrEqual(LIMITS.items);
        expect(volume.reduce((sum, { chunks }) => sum + chunks, 0)).toBeLessThanOrEqual(LIMITS.chunks);
        expect(volume.reduce((sum, { octets }) => sum + octets, 0)).toBeLessThanOrEqual(LIMITS.octets);
      }
    }),
  );
});

test('the same files stay where they are; one that changes without growing moves nothing', () => {
  fc.assert(
    fc.property(files, fc.nat(60), (all, i) => {
      const before = whereOf(planVolumes(all, new Map(), LIMITS));
      expect(whereOf(planVolumes(all, before, LIMITS))).toEqual(before);
      const without = all.filter((_, place) => place !== i);
      for (const [inside, number] of whereOf(planVolumes(without, before, LIMITS))) {
        expect(number).toBe(before.get(inside));
      }
    }),
  );
});

test('new files go to the last volume, then where there is room', () => {
  const named = (...names: string[]) => names.map((inside) => ({ inside, chunks: 0, octets: 1 }));
  const first = named('a', 'b', 'c', 'd', 'e', 'f');
  const before = whereOf(planVolumes(first, new Map(), LIMITS));
  expect([...before.values()]).toEqual([0, 0, 0, 0, 0, 1]);
  const gap = first.filter(({ inside }) => inside !== 'b');
  const more = planVolumes([...gap, ...named('1', '2', '3', '4', '5', '6')], before, LIMITS);
  expect(more.map((volume) => volume.map(({ inside }) => inside).join(''))).toEqual(['acde5', 'f1234', '6']);
});

test('the octets of an item are never fewer than it takes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.option(fc.string({ unit: 'grapheme', maxLength: 500 })),
      fc.option(fc.string({ maxLength: 80 })),
      fc.array(fc.string({ unit: 'grapheme', maxLength: 16 }), { maxLength: 32 }),
      fc.nat(255),
      (name, path, mime, tags, octet) => {
        const hash = new Uint8Array(32).fill(octet);
        const length = (count: number) =>
          encodeManifest(
            signManifest(key(1), {
              version: 1,
              seq: 1n,
              createdAt: 1n << 32n,
              expiresAt: null,
              title: null,
              description: null,
              visibility: 'private',
              communities: [],
              items: Array.from({ length: count }, () => ({
                contentId: hash,
                size: 2 ** 40,
                name,
                path,
                mime,
                tags,
                chunkCount: 2 ** 22,
                chunkListHash: hash,
              })),
              recommendedShares: [],
            }),
          ).length;
        expect(itemOctets(name, path, mime, tags)).toBeGreaterThanOrEqual(length(1) - length(0));
      },
    ),
  );
  expect(VOLUME_LIMITS.octets).toBeLessThan(MAX_PAYLOAD);
});

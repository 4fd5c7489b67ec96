import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SlotHandle } from '../../../src/supervisor/contract/slab.ts';
import { LifeSlab, type SlabShare } from '../../../src/supervisor/memory/life-slab.ts';
import { SlabKeeper } from '../../../src/supervisor/memory/slab-keeper.ts';

const SLOTS = 3;
const make = (slots = SLOTS) => new SlabKeeper({ slots, slotBytes: 64 });

/** A life, and the link that leads from it to each other one. */
class Life {
  readonly share: SlabShare;
  readonly slab: LifeSlab;
  readonly #links = new Map<Life, object & { onDown(): () => void }>();

  constructor(keeper: SlabKeeper) {
    this.share = keeper.begin();
    this.slab = new LifeSlab(this.share);
  }

  to(other: Life) {
    const link = this.#links.get(other) ?? { onDown: () => () => {} };
    if (!this.#links.has(other)) this.slab.opened(link, other.share.life);
    this.#links.set(other, link);
    return link;
  }

  unlink(other: Life): void {
    this.slab.closed(this.to(other));
    this.#links.delete(other);
  }
}

function two(slots = SLOTS) {
  const keeper = make(slots);
  return { keeper, one: new Life(keeper), other: new Life(keeper) };
}

describe('one slot', () => {
  test('goes from hand to hand, its bytes in place', () => {
    const { keeper, one, other } = two();
    const mine = one.slab.claim()!;
    one.slab.bytes(mine)!.fill(7);
    const sent = one.slab.handOver(mine, one.to(other))!;
    expect(keeper.status()).toMatchObject({ free: SLOTS - 1, underWay: 1 });
    const theirs = other.slab.adopt(sent)!;
    expect(other.slab.bytes(theirs)).toEqual(new Uint8Array(64).fill(7));
    expect(other.slab.release(theirs)).toBe(true);
    expect(keeper.status()).toMatchObject({ free: SLOTS, underWay: 0 });
  });

  test('is its owner’s alone', () => {
    const { one, other } = two();
    const mine = one.slab.claim()!;
    expect(other.slab.bytes(mine)).toBeNull();
    expect(other.slab.adopt(mine)).toBeNull();
    expect(other.slab.release(mine)).toBe(false);
    expect(other.slab.handOver(mine, other.to(one))).toBeNull();
    const sent = one.slab.handOver(mine, one.to(other))!;
    expect([one.slab.bytes(mine), one.slab.bytes(sent)]).toEqual([null, null]);
    expect([other.slab.bytes(sent), other.slab.release(sent)]).toEqual([null, false]);
  });

  test('comes back to who takes it back first', () => {
    const { one, other } = two();
    const sent = one.slab.handOver(one.slab.claim()!, one.to(other))!;
    expect(one.slab.adopt(sent)).not.toBeNull();
    expect(other.slab.adopt(sent)).toBeNull();
  });

  test('is free again when the link breaks, unless it was adopted', () => {
    const { keeper, one, other } = two();
    const [sent, taken] = [1, 2].map(() => one.slab.handOver(one.slab.claim()!, one.to(other))!);
    const theirs = other.slab.adopt(taken!)!;
    one.unlink(other);
    expect(other.slab.adopt(sent!)).toBeNull();
    expect(other.slab.bytes(theirs)).not.toBeNull();
    expect(keeper.status().free).toBe(SLOTS - 1);
  });

  test('of an answer that nobody waits for is free again', () => {
    const { one, other } = two();
    const server = one.to(other);
    const call = (id: number) => ({ path: server, id, reason: null }) as never;
    const [first, second] = [1, 2].map((id) => one.slab.handOver(one.slab.claim()!, call(id))!);
    one.slab.gaveUp(server, 1);
    expect(other.slab.adopt(first!)).toBeNull();
    expect(other.slab.adopt(second!)).not.toBeNull();
  });
});

test('what is no handle is refused', () => {
  const { one } = two();
  for (const slot of [-1, SLOTS, 0.5, Number.NaN, undefined as never]) {
    expect(one.slab.bytes({ slot, epoch: 0 })).toBeNull();
    expect(one.slab.adopt({ slot, epoch: 0 })).toBeNull();
    expect(one.slab.release({ slot, epoch: 0 })).toBe(false);
  }
});

test('a full slab gives null, and counts it; one without slots is always full', () => {
  const { keeper, one } = two();
  const claims = Array.from({ length: SLOTS + 2 }, () => one.slab.claim());
  expect(claims.filter((claim) => claim !== null)).toHaveLength(SLOTS);
  expect(keeper.status()).toEqual({ slots: SLOTS, free: 0, underWay: 0, full: 2 });
  expect(two(0).one.slab.claim()).toBeNull();
});

test('nobody is handed a slot who is not there', () => {
  const { one, other } = two();
  const mine = one.slab.claim()!;
  one.slab.opened(one, 0);
  expect(one.slab.handOver(mine, one as never)).toBeNull();
  expect(one.slab.handOver(mine, { onDown: () => () => {} })).toBeNull();
  const given = { path: one.to(other), id: 1, reason: new Error('gone') };
  expect(one.slab.handOver(mine, given as never)).toBeNull();
  expect(one.slab.bytes(mine)).not.toBeNull();
});

test('lives beyond what a word can name own nothing', () => {
  const keeper = make();
  const lives = Array.from({ length: 4_096 }, () => keeper.begin());
  expect(new Set(lives.map(({ life }) => life)).size).toBe(4_096);
  const last = new LifeSlab(lives.at(-1)!);
  expect([last.claim(), last.bytes({ slot: 0, epoch: 0 })]).toEqual([null, null]);
  keeper.end(lives.at(-1)!);
  keeper.end(lives[7]!);
  expect(keeper.begin().life).toBe(lives[7]!.life);
});

interface Told {
  readonly handle: SlotHandle;
  owner: Life | null;
  to: Life | null;
}

const step = fc.record({
  kind: fc.constantFrom('claim', 'claim', 'hand', 'hand', 'adopt', 'adopt', 'release', 'unlink', 'die'),
  who: fc.nat(2),
  whom: fc.nat(2),
  handle: fc.nat(30),
});

test('whatever lives do: no slot has two owners, none is lost, and a stale handle moves nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const keeper = make();
      const lives = [new Life(keeper), new Life(keeper), new Life(keeper)];
      /** Every handle there ever was, the newest last; without owner and receiver it is stale. */
      const all: Told[] = [];
      const told = (handle: SlotHandle | null, owner: Life, to: Life | null = null) => {
        expect(handle).not.toBeNull();
        all.push({ handle: handle!, owner, to });
      };
      const stale = (entry: Told) => Object.assign(entry, { owner: null, to: null });
      const taken = () => all.filter(({ owner }) => owner !== null);

      for (const { kind, who, whom, handle } of steps) {
        const [life, other] = [lives[who]!, lives[whom]!];
        const entry = all.at(-1 - (handle % Math.max(1, all.length)));
        const owned = entry?.owner === life && entry.to === null;
        if (kind === 'claim') {
          const claimed = life.slab.claim();
          if (taken().length < SLOTS) told(claimed, life);
          else expect(claimed).toBeNull();
        } else if (kind === 'die') {
          keeper.end(life.share);
          for (const one of lives) if (one !== life) one.unlink(life);
          for (const each of all) if (each.owner === life || each.to === life) stale(each);
          lives[who] = new Life(keeper);
        } else if (kind === 'unlink') {
          life.unlink(other);
          for (const each of all) if (each.owner === life && each.to === other) stale(each);
        } else if (entry && kind === 'hand') {
          const sent = life.slab.handOver(entry.handle, life.to(other));
          if (owned) stale(entry) && told(sent, life, other);
          else expect(sent).toBeNull();
        } else if (entry && kind === 'adopt') {
          const mine = entry.to !== null && (entry.to === life || entry.owner === life);
          const adopted = life.slab.adopt(entry.handle);
          if (mine) stale(entry) && told(adopted, life);
          else expect(adopted).toBeNull();
        } else if (entry && kind === 'release') {
          expect(life.slab.release(entry.handle)).toBe(owned);
          if (owned) stale(entry);
        }
        expect(new Set(taken().map((each) => each.handle.slot)).size).toBe(taken().length);
        expect(keeper.status().free).toBe(SLOTS - taken().length);
        for (const each of all)
          for (const one of lives)
            expect(one.slab.bytes(each.handle) !== null).toBe(each.owner === one && each.to === null);
      }
      for (const { share } of lives) keeper.end(share);
      expect(keeper.status()).toMatchObject({ free: SLOTS, underWay: 0 });
    }),
    { numRuns: 300 },
  );
});

import { describe, expect, test } from 'vitest';
import { UploadPeers, type UploadSession } from '../../../src/actors/transport/upload-peers.ts';

const CHUNK = 262_144;

/** Sessions that have chunks to send, of peers that take them or not. */
class World {
  now = 1_000_000;
  readonly config = { inFlight: 16, uploadSlots: 0 };
  readonly peers = new UploadPeers(this.config, () => this.now);
  readonly sessions: FakeSession[] = [];

  session(nodeKey: string, slow = false): FakeSession {
    const session = new FakeSession(this, nodeKey, slow);
    this.sessions.push(session);
    this.peers.join(session);
    return session;
  }

  /** Everybody who takes chunks takes what is on its way, again and again, for so many rounds of 10 ms. */
  run(rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      this.now += 10;
      const underWay = this.sessions.filter(({ unsentChunks }) => unsentChunks > 0);
      for (const session of underWay) session.take();
      if (round % 100 === 99) this.peers.look();
    }
  }
}

class FakeSession implements UploadSession {
  readonly peer: { nodeKey: string };
  turnCount = 0;
  unsentChunks = 0;
  hasChunks = true;
  writingSince = 0;
  taken = 0;
  readonly #world: World;
  readonly #slow: boolean;

  constructor(world: World, nodeKey: string, slow: boolean) {
    this.#world = world;
    this.#slow = slow;
    this.peer = { nodeKey };
  }

  room(): void {
    while (this.hasChunks && this.#world.peers.mayRead(this, 2)) {
      if (this.unsentChunks === 0) this.writingSince = this.#world.now;
      this.unsentChunks++;
    }
  }

  take(): void {
    if (this.#slow || this.unsentChunks === 0) return;
    this.unsentChunks--;
    this.taken++;
    this.writingSince = this.#world.now;
    this.#world.peers.sent(this, CHUNK);
    this.room();
  }
}

describe('one peer', () => {
  test('has as much under way with eight sessions as with one', () => {
    const world = new World();
    const many = Array.from({ length: 8 }, () => world.session('greedy'));
    const one = world.session('modest');
    for (const session of world.sessions) session.room();
    const unsent = () => many.reduce((sum, session) => sum + session.unsentChunks, 0);
    expect([unsent(), one.unsentChunks]).toEqual([2, 2]);
    world.run(400);
    expect(unsent()).toBe(2);
    const taken = many.map((session) => session.taken);
    const all = taken.reduce((sum, each) => sum + each, 0);
    // Two a round where the other one has one: its two are on different connections.
    expect(all / one.taken).toBeLessThanOrEqual(2);
    // And its sessions take turns.
    for (const each of taken) expect(each / (all / 8)).toBeGreaterThan(0.8);
  });

  test('is not held up by a connection of its own that is dead', () => {
    const world = new World();
    const dead = world.session('peer', true);
    dead.room();
    const fresh = world.session('peer');
    fresh.room();
    world.run(500);
    expect(dead.unsentChunks).toBe(2);
    expect(fresh.taken).toBeGreaterThan(200);
  });

  test('has sixteen requests under way over all its sessions, and each session one at least', () => {
    const world = new World();
    const [one, two] = [world.session('peer'), world.session('peer')];
    one.turnCount = 12;
    two.turnCount = 3;
    expect(world.peers.full(two)).toBe(false);
    two.turnCount = 4;
    expect(world.peers.full(two)).toBe(true);
    two.turnCount = 0;
    one.turnCount = 16;
    expect([world.peers.full(one), world.peers.full(two)]).toEqual([true, false]);
    world.peers.leave(one);
    two.turnCount = 15;
    expect(world.peers.full(two)).toBe(false);
  });
});

describe('upload slots', () => {
  test('twenty slow readers starve nobody', () => {
    const world = new World();
    world.config.uploadSlots = 2;
    for (let peer = 0; peer < 20; peer++) world.session(`slow ${peer}`, true);
    const honest = [world.session('honest'), world.session('also honest')];
    for (const session of world.sessions) session.room();
    world.run(6_000);
    for (const session of honest) expect(session.taken).toBeGreaterThan(500);
  });

  test('peers take turns, and a peer that rests gives its slot back', () => {
    const world = new World();
    world.config.uploadSlots = 1;
    const sessions = ['a', 'b', 'c'].map((name) => world.session(name));
    for (const session of sessions) session.room();
    expect(sessions.map(({ unsentChunks }) => unsentChunks)).toEqual([2, 0, 0]);
    world.run(1_000);
    const taken = sessions.map((session) => session.taken);
    expect(Math.max(...taken) / Math.min(...taken)).toBeLessThan(1.5);
    const [holder] = sessions.filter(({ unsentChunks }) => unsentChunks > 0);
    holder!.hasChunks = false;
    holder!.unsentChunks = 0;
    world.peers.rests(holder!);
    expect(sessions.some((session) => session !== holder && session.unsentChunks > 0)).toBe(true);
  });

  test('a session that ends leaves its slot, and none is lost', () => {
    const world = new World();
    world.config.uploadSlots = 2;
    for (let turn = 0; turn < 50; turn++) {
      const [one, two] = [world.session(`one ${turn}`), world.session(`two ${turn}`)];
      one.room();
      two.room();
      expect([one.unsentChunks, two.unsentChunks]).toEqual([2, 2]);
      for (const session of [one, two]) {
        session.hasChunks = false;
        world.peers.leave(session);
      }
    }
    // Slots that are taken away while all are used come back as well.
    world.session('first').room();
    world.config.uploadSlots = 0;
    world.session('second').room();
    world.config.uploadSlots = 1;
    world.run(200);
    expect(world.sessions.at(-1)!.taken + world.sessions.at(-2)!.taken).toBeGreaterThan(100);
  });
});

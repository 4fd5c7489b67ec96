import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ChunkReply, ChunkServer } from '../../../src/actors/transport/chunk-server.ts';
import { InboundSession } from '../../../src/actors/transport/inbound-session.ts';
import { PeerFault } from '../../../src/actors/transport/peer-fault.ts';
import { RefusalPace } from '../../../src/actors/transport/refusal-pace.ts';
import { ReplyMemory } from '../../../src/actors/transport/reply-memory.ts';
import type { OwnerAnswer, RequestRouter, Route } from '../../../src/actors/transport/request-router.ts';
import { ShardCaps } from '../../../src/actors/transport/shard-caps.ts';
import { UploadLine } from '../../../src/actors/transport/upload-line.ts';
import { UploadPeers } from '../../../src/actors/transport/upload-peers.ts';
import { DIALECT_2 } from '../../../src/protocol/dialect.ts';
import { encodeFrame } from '../../../src/protocol/wire/envelope.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { FakeConnection } from './fake-connection.ts';
import { RawPeer, until } from './raw-peer.ts';
import { WatchedBuffers } from './watched-buffers.ts';
import { contentOf, TestShard, workFolder } from './world.ts';

const WALL = 1_800_000_000_000;
const MiB = 1024 * 1024;
const CHUNK = 262_144;
const UNLIMITED = { perSecond: 1, burst: Number.MAX_SAFE_INTEGER };
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** One session over a connection of the test's, its requests routed by their type: 500 chunks, 400 owner, else a frame. */
class Session {
  readonly clock: ManualClock;
  readonly connection: FakeConnection;
  readonly buffers = new WatchedBuffers();
  readonly session: InboundSession;
  ended = 0;
  /** As it was told at the end. */
  fruitless: boolean | null = null;
  useful = 0;
  asked = 0;
  /** What the owner gives is a refusal. */
  refused = false;
  owner: () => Promise<Uint8Array> = async () => new Uint8Array(MiB);
  /** What reading a chunk gives. */
  read: (reply: ChunkReply) => ChunkReply | null | Promise<ChunkReply | null> = (reply) => reply;

  constructor(
    options: {
      memory?: ReplyMemory;
      uploads?: UploadLine;
      peers?: UploadPeers;
      nodeKey?: string;
      clock?: ManualClock;
      remote?: string;
      pace?: RefusalPace;
    } = {},
  ) {
    this.clock = options.clock ?? new ManualClock(WALL);
    this.connection = new FakeConnection(options.remote);
    const router = {
      missed: () => {},
      route: ({ type, reqId }: { type: number; reqId: number }): Route => {
        if (type === 500) return { kind: 'chunk', reqId, contentId: new Uint8Array(32), index: reqId };
        if (type === 400) return { kind: 'owner', ask: () => this.#ask() };
        return { kind: 'frame', frame: new Uint8Array(60) };
      },
    };
    const chunks = {
      serve: () => {
        const buffer = this.buffers.take();
        return this.read({ frame: buffer.subarray(0, CHUNK + 100), buffer, shareIds: [] });
      },
    };
    this.session = new InboundSession({
      connection: this.connection.connection,
      peer: {
        key: new Uint8Array(32),
        nodeKey: options.nodeKey ?? '00'.repeat(32),
        nodeId: '00'.repeat(20),
        dialect: DIALECT_2,
        native: false,
        bound: 'none',
        capabilities: [],
      },
      clock: this.clock,
      peers: options.peers ?? new UploadPeers({ inFlight: 16, uploadSlots: 0 }, () => this.clock.now()),
      router: router as unknown as RequestRouter,
      chunks: chunks as unknown as ChunkServer,
      buffers: this.buffers,
      memory: options.memory ?? new ReplyMemory(),
      pace: options.pace ?? new RefusalPace(UNLIMITED, UNLIMITED),
      uploads: options.uploads ?? new UploadLine(new ShardCaps(this.clock, 0), this.clock),
      useful: () => this.useful++,
      ended: (_, fruitless) => {
        this.ended++;
        this.fruitless = fruitless;
      },
    });
  }

  get held(): number {
    return this.connection.written.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** As many requests as the session reads. */
  flood(type: number, limit = 100): number {
    let sent = 0;
    while (sent < limit && !this.connection.paused) this.connection.request(type, sent++, new Uint8Array(0));
    return sent;
  }

  async #ask(): Promise<OwnerAnswer> {
    this.asked++;
    return { frame: await this.owner(), refused: this.refused };
  }
}

const turns = async (count = 20) => {
  for (let i = 0; i < count; i++) await null;
};

describe('a peer that does not take its replies', () => {
  test('holds two chunks, and is not read from once its places are used', () => {
    const us = new Session();
    expect(us.flood(500)).toBe(2 + 16);
    expect(us.connection.written.length).toBe(2);
    expect(us.buffers.out.size).toBe(2);
    expect(us.session.idleSince).toBeNull();
    // One taken, one read; each buffer comes back once.
    us.connection.take(1);
    expect(us.connection.written.length).toBe(2);
    us.connection.request(500, 99, new Uint8Array(0));
    while (us.connection.written.length > 0) us.connection.take(1);
    expect(us.buffers.out.size).toBe(0);
    expect(us.session.idleSince).toBe(WALL);
    expect(us.connection.paused).toBe(false);
  });

  test('holds 1 MiB of short replies', () => {
    const us = new Session();
    const sent = us.flood(999, 100_000);
    expect(sent * 60).toBeGreaterThan(MiB);
    expect(us.held).toBeLessThanOrEqual(MiB + 60);
    expect(us.connection.paused).toBe(true);
  });

  test('holds 2 MiB of long replies, and no more than four others are asked for it', async () => {
    const us = new Session();
    us.flood(400);
    await turns();
    // One is on its way, and with it no more is asked for until there is less of it.
    expect([us.asked, us.connection.written.length]).toEqual([4, 1]);
    us.connection.take(1);
    await turns();
    expect([us.asked, us.connection.written.length]).toEqual([4, 1]);
    us.owner = async () => new Uint8Array(MiB - 1);
    for (let i = 0; i < 30; i++) {
      us.connection.take(1);
      await turns();
      expect(us.held).toBeLessThan(2 * MiB);
    }
    expect(us.session.idleSince).not.toBeNull();
  });

  test('is dropped when nothing of it moves for 256 seconds, and not before', () => {
    const us = new Session();
    us.flood(500, 3);
    us.clock.advance(0);
    us.session.check(WALL + 256_000);
    expect(us.connection.over).toBeNull();
    us.session.check(WALL + 256_001);
    expect(us.connection.over?.message).toBe('takes no replies');
    expect(us.ended).toBe(1);
  });

  test('one that takes a frame now and then is not', async () => {
    const us = new Session();
    us.flood(500, 4);
    for (let i = 0; i < 4; i++) {
      await us.clock.advance(200_000);
      us.session.check(us.clock.now());
      us.connection.take(1);
    }
    await us.clock.advance(500_000);
    us.session.check(us.clock.now());
    expect(us.connection.over).toBeNull();
  });

  test('gives its buffers back when its connection ends, also one that was just being read', async () => {
    const us = new Session();
    const reads: (() => void)[] = [];
    us.read = (reply) => new Promise((resolve) => reads.push(() => resolve(reply)));
    us.flood(500, 3);
    reads.shift()!();
    await turns();
    expect(us.connection.written.length).toBe(1);
    us.connection.destroy();
    us.connection.take(1);
    reads.shift()!();
    await turns();
    expect(us.buffers.out.size).toBe(0);
    expect(reads).toEqual([]);
  });

  test('whose chunk cannot be read loses its session, not the shard', async () => {
    const us = new Session();
    us.read = ({ buffer }) => {
      us.buffers.give(buffer);
      return Promise.reject(new Error('a bug'));
    };
    us.flood(500, 2);
    await turns();
    expect(us.connection.over?.message).toBe('a bug');
  });
});

describe('many peers that do not take their replies', () => {
  test('hold no more together than the shard allows, wait for each other, and the stalled go early', async () => {
    const memory = new ReplyMemory(8 * MiB);
    const clock = new ManualClock(WALL);
    const all = Array.from({ length: 100 }, () => new Session({ memory, clock }));
    for (const us of all) us.flood(500);
    const held = () => all.reduce((sum, us) => sum + us.held, 0);
    expect(held()).toBeLessThan(8 * MiB + CHUNK + 200);
    expect(memory.total).toBe(held());
    // From half of it on each gets one chunk only: many are served, none is served much.
    const served = () => all.filter((us) => us.connection.written.length > 0).length;
    expect(served()).toBeGreaterThan(16);
    const waiting = all.find((us) => us.connection.written.length === 0)!;
    // All but one stand still for 15 seconds: they go, and those who waited get their turn.
    await clock.advance(15_001);
    for (const us of all) if (us.connection.written.length > 0) us.session.check(clock.now());
    const dropped = all.filter((us) => us.connection.over);
    expect(dropped.length).toBeGreaterThan(0);
    expect(waiting.connection.written.length).toBeGreaterThan(0);
    for (const us of dropped) us.connection.take(9);
    // Those who are left are served to the end, in order of their waiting.
    const left = all.filter((us) => !us.connection.over);
    for (let round = 0; round < 2_000 && left.some((us) => us.held > 0); round++) {
      for (const us of left) us.connection.take(1);
    }
    for (const us of all) expect(us.buffers.out.size).toBe(0);
    expect(memory.total).toBe(0);
    for (const us of left) expect(us.session.idleSince).not.toBeNull();
  });

  test('owners are not asked for what there is no memory for', async () => {
    const memory = new ReplyMemory(3 * MiB);
    const clock = new ManualClock(WALL);
    const all = Array.from({ length: 10 }, () => new Session({ memory, clock }));
    for (const us of all) us.flood(500, 4);
    expect(memory.full).toBe(true);
    const late = new Session({ memory, clock });
    late.connection.request(400, 1, new Uint8Array(0));
    await turns();
    expect(late.asked).toBe(0);
    for (let i = 0; i < 60 && late.asked === 0; i++) {
      for (const us of all) us.connection.take(1);
      await turns();
    }
    expect(late.asked).toBe(1);
    expect(late.connection.written.length).toBe(1);
  });
});

describe('a peer that sends slowly', () => {
  test('is dropped when one frame comes below 4 KiB/s for 30 seconds', () => {
    const us = new Session();
    const check = (seconds: number, came: number) => {
      us.connection.assembler.partial = 10;
      us.connection.down.total += came;
      us.session.check(WALL + seconds * 1000);
    };
    // Fast enough, for as long as it likes.
    for (let s = 0; s <= 100; s++) check(s, 4_200);
    expect(us.connection.over).toBeNull();
    for (let s = 101; s <= 162; s++) check(s, 4_000);
    expect(us.connection.over?.message).toBe('sends a request too slowly');
  });

  test('one of many whole requests is not slow, however few its octets', () => {
    const us = new Session();
    for (let s = 0; s < 200; s++) {
      us.connection.request(999, s, new Uint8Array(0));
      us.connection.take(1);
      us.connection.down.total += 60;
      us.connection.assembler.partial = 10;
      us.session.check(WALL + s * 1000);
    }
    expect(us.connection.over).toBeNull();
  });

  test('one that we do not read from is not slow', () => {
    const us = new Session();
    us.flood(500);
    us.connection.assembler.partial = 10;
    for (let s = 0; s < 200; s++) us.session.check(WALL + s * 1000);
    expect(us.connection.over).toBeNull();
  });
});

describe('a peer whose requests are refused', () => {
  test('is read from no faster than it is refused, and goes on after each rest', async () => {
    const us = new Session({ pace: new RefusalPace({ perSecond: 10, burst: 100 }) });
    const atOnce = us.flood(999, 1_000);
    expect(atOnce).toBeGreaterThan(80);
    expect(atOnce).toBeLessThanOrEqual(101);
    us.connection.take(1_000);
    expect(us.connection.paused).toBe(true);
    let sent = 0;
    for (let i = 0; i < 100; i++) {
      await us.clock.advance(100);
      sent += us.flood(999, 1_000);
      us.connection.take(1_000);
    }
    expect(sent).toBeGreaterThan(70);
    expect(sent).toBeLessThanOrEqual(100);
  });

  test('rests as long as all that came in one piece costs, long requests more', async () => {
    const us = new Session({ pace: new RefusalPace({ perSecond: 10, burst: 100 }) });
    for (let i = 0; i < 100; i++) us.connection.request(999, i, new Uint8Array(0));
    us.connection.request(999, 100, new Uint8Array(10 * 1024));
    await us.clock.advance(2_000);
    expect(us.connection.paused).toBe(true);
    await us.clock.advance(2_000);
    expect(us.connection.paused).toBe(false);
    // But never longer than ten seconds.
    us.connection.request(999, 101, new Uint8Array(1024 * 1024));
    await us.clock.advance(9_900);
    expect(us.connection.paused).toBe(true);
    await us.clock.advance(200);
    expect(us.connection.paused).toBe(false);
  });

  test('so is one that asks for chunks that are not here', () => {
    const us = new Session({ pace: new RefusalPace({ perSecond: 10, burst: 100 }) });
    us.read = ({ buffer }) => {
      us.buffers.give(buffer);
      return null;
    };
    expect(us.flood(500, 1_000)).toBe(101);
  });

  test('holds up its neighbours only when they are refused as well', () => {
    const pace = new RefusalPace({ perSecond: 10, burst: 100 });
    const clock = new ManualClock(WALL);
    const [us, neighbour] = [
      new Session({ pace, clock }),
      new Session({ pace, clock, remote: '192.0.2.9:1' }),
    ];
    const stranger = new Session({ pace, clock, remote: '192.0.3.1:1' });
    us.flood(999, 1_000);
    for (let i = 0; i < 200; i++) {
      neighbour.connection.request(500, i, new Uint8Array(0));
      neighbour.connection.take(1);
    }
    expect(neighbour.connection.paused).toBe(false);
    expect(neighbour.flood(999, 10)).toBe(1);
    expect(stranger.flood(999, 10)).toBe(10);
  });

  test('with all others that are refused, wherever they come from, but waits a second for them at most', async () => {
    const pace = new RefusalPace({ perSecond: 10, burst: 100 }, { perSecond: 20, burst: 150 });
    const clock = new ManualClock(WALL);
    const from = (net: number) => new Session({ pace, clock, remote: `192.0.${net}.1:1` });
    expect(from(2).flood(999, 90)).toBe(90);
    const [third, fourth] = [from(3), from(4)];
    expect(third.flood(999, 90)).toBe(51);
    expect(fourth.flood(500, 10)).toBe(10);
    await clock.advance(100);
    expect(third.connection.paused).toBe(false);
    fourth.connection.request(999, 0, new Uint8Array(10 * 1024));
    await clock.advance(900);
    expect(fourth.connection.paused).toBe(true);
    await clock.advance(200);
    expect(fourth.connection.paused).toBe(false);
  });

  test('one that asks others for what is not here has the pace of all alone: a second at most', async () => {
    const us = new Session({
      pace: new RefusalPace({ perSecond: 10, burst: 50 }, { perSecond: 20, burst: 100 }),
    });
    us.refused = true;
    let sent = 0;
    for (let i = 0; i < 200; i++) {
      sent += us.flood(400, 1);
      await settled();
      us.connection.take(1);
    }
    expect(sent).toBe(101);
    await us.clock.advance(1_000);
    expect(us.connection.paused).toBe(false);
  });

  test('and that ends while it rests leaves no timer', async () => {
    const us = new Session({ pace: new RefusalPace({ perSecond: 10, burst: 1 }) });
    us.flood(999, 10);
    us.connection.destroy();
    await us.clock.advance(60_000);
    expect(us.ended).toBe(1);
    expect(us.connection.paused).toBe(true);
  });
});

describe('what a session was good for', () => {
  test('a chunk or an answer, told once', async () => {
    for (const type of [500, 400]) {
      const us = new Session();
      us.flood(type, 3);
      await settled();
      expect(us.useful).toBe(1);
      us.connection.destroy();
      expect([us.ended, us.fruitless]).toEqual([1, false]);
    }
  });

  test('nothing, where nothing was asked or all was refused', async () => {
    const [silent, refused, missing, elsewhere] = [
      new Session(),
      new Session(),
      new Session(),
      new Session(),
    ];
    refused.flood(999, 3);
    missing.read = ({ buffer }) => {
      missing.buffers.give(buffer);
      return null;
    };
    missing.flood(500, 3);
    elsewhere.refused = true;
    elsewhere.flood(400, 3);
    await settled();
    for (const us of [silent, refused, missing, elsewhere]) {
      us.connection.destroy();
      expect([us.useful, us.fruitless]).toEqual([0, true]);
    }
  });

  test('nothing, in the end, when a fault of the peer ends it', () => {
    const us = new Session();
    us.flood(500, 3);
    us.connection.guard(() => {
      throw new PeerFault('on purpose');
    });
    expect([us.useful, us.ended, us.fruitless]).toEqual([1, 1, true]);
  });
});

describe('over real sockets', () => {
  let work: Awaited<ReturnType<typeof workFolder>>;
  let us: TestShard;
  let address: string;
  let clock: ManualClock;
  const peers: RawPeer[] = [];
  beforeAll(async () => {
    work = await workFolder();
  });
  afterAll(() => work.remove());
  beforeEach(() => {
    clock = new ManualClock(WALL);
  });
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.destroy();
    await us.stop();
    expect(us.bugs).toEqual([]);
  });

  async function start(config = {}) {
    us = await TestShard.start(config, { clock });
    address = await us.listen();
  }

  async function session(): Promise<RawPeer> {
    const peer = await RawPeer.session(address, { now: () => clock.wall() / 1000 });
    peers.push(peer);
    // The clock must not move before the last message of the handshake has arrived.
    await us.adopted[peers.length - 1];
    return peer;
  }

  /** Until the shard's counter has not moved for a while. */
  async function rest(metric: string): Promise<number> {
    for (let last = -1, same = 0; ; ) {
      const now = us.metrics.get(metric) ?? 0;
      same = now === last ? same + 1 : 0;
      if (same === 20) return now;
      last = now;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  test('chunks to a peer that does not read stop, go on when it reads, and end when it never does', async () => {
    await start();
    const bytes = randomBytes(CHUNK);
    const { contentId } = contentOf(bytes);
    us.share(await work.file(bytes), contentId);
    const peer = await session();
    peer.pause();
    const payload = encodeRequest(500, { contentId: Buffer.from(contentId, 'hex'), chunkIndex: 0 });
    const count = 120;
    for (let i = 0; i < count; i++) peer.send(500, i, payload);
    const served = await rest('chunks_served');
    expect(served).toBeLessThan(count);
    peer.resume();
    for (let i = 0; i < count; i++) {
      const reply = await peer.envelope();
      expect(reply.reqId).toBe(i);
      expect(bytes.equals(reply.payload.subarray(-CHUNK))).toBe(true);
    }
    peer.pause();
    for (let i = 0; i < count; i++) peer.send(500, i, payload);
    await rest('chunks_served');
    await clock.advance(258_000);
    await until(() => us.metrics.get('sessions') === 0, 'the session to be dropped');
    peer.resume();
    await peer.closed;
  });

  test('a peer that floods requests and does not read is not read from', async () => {
    await start();
    const peer = await session();
    peer.pause();
    const flood = Buffer.concat(
      Array.from({ length: 1_000 }, () =>
        encodeFrame({ type: 999, reqId: 1, flags: 0, payload: new Uint8Array(0) }),
      ),
    );
    const rounds = 200;
    for (let i = 0; i < rounds; i++) peer.socket.write(flood);
    const before = await rest('bytes_down');
    expect(before).toBeLessThan((rounds * flood.length) / 2);
    peer.resume();
    // Its replies are refusals, each of which costs it a rest.
    while (us.metrics.get('bytes_down')! <= before + flood.length) {
      await clock.advance(10_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(peer.waiting).toBeGreaterThan(1_000);
  });

  test('a peer that drips a frame is dropped after 30 seconds', async () => {
    await start();
    const peer = await session();
    const request = encodeFrame({ type: 999, reqId: 1, flags: 0, payload: new Uint8Array(50_000) });
    const base = us.metrics.get('bytes_down')!;
    for (let i = 0; i < 40 && !peer.over; i++) {
      peer.socket.write(request.subarray(i * 10, i * 10 + 10));
      await until(
        () => peer.over || us.metrics.get('bytes_down')! >= base + i * 10 + 10,
        'the drop to arrive',
      );
      await clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await peer.closed;
    expect(us.warnings).toMatchObject([{ fault: 'sends a request too slowly' }]);
  });

  test('idle sessions are closed, busy ones are not', async () => {
    await start({ idleMs: 60_000 });
    const idle = await session();
    const busy = await session();
    for (let i = 0; i < 4; i++) {
      await clock.advance(15_000);
      await busy.ask(999, i);
    }
    await clock.advance(1_000);
    await idle.closed;
    expect((await busy.ask(999, 9)).reqId).toBe(9);
    expect(await us.sessions()).toHaveLength(1);
  });

  test('at the limit the session idle longest makes room; when none is idle, the newcomer is refused', async () => {
    await start({ maxSessions: 3 });
    const [first, second, third] = [await session(), await session(), await session()];
    await clock.advance(2_000);
    await first!.ask(999, 1);
    await clock.advance(4_000);
    await third!.ask(999, 1);
    const fourth = await session();
    await second!.closed;
    await fourth.ask(999, 1);
    await clock.advance(1_000);
    const fifth = await session();
    await first!.closed;
    const refused = await session();
    await refused.closed;
    expect((await us.sessions()).length).toBe(3);
    expect((await fifth.ask(999, 1)).reqId).toBe(1);
    expect((await Promise.all(us.adopted)).map(({ established }) => established)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
  });
});

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FetchEvent, FetchFile } from '../../../src/actors/transport/contract.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { encodeFrame } from '../../../src/protocol/wire/envelope.ts';
import { decodeRequest, encodeReply } from '../../../src/protocol/wire/registry.ts';
import { systemClock } from '../../../src/supervisor/contract/clock.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { openDescriptors } from './open-descriptors.ts';
import { type RawOptions, type RawPeer, RawServer, until } from './raw-peer.ts';
import { contentOf, TestShard, workFolder } from './world.ts';

const WALL = 1_800_000_000_000;
const CHUNK = 262_144;

let work: Awaited<ReturnType<typeof workFolder>>;
const open: { stop?(): unknown; close?(): unknown }[] = [];
beforeAll(async () => {
  work = await workFolder();
});
afterAll(() => work.remove());
afterEach(async () => {
  for (const thing of open.splice(0)) {
    await thing.stop?.();
    thing.close?.();
    if (thing instanceof TestShard) expect(thing.bugs).toEqual([]);
  }
  // Nothing of any fetch is open, however it ended.
  await until(() => filesOpen().length === 0, 'all files to be closed');
});

const filesOpen = () => openDescriptors().filter((each) => each.startsWith(work.root));

async function shard(...options: Parameters<typeof TestShard.start>): Promise<TestShard> {
  const made = await TestShard.start(...options);
  open.push(made);
  return made;
}

interface Request {
  readonly reqId: number;
  readonly contentId: string;
  readonly index: number;
  /** How many came before, on all connections. */
  readonly count: number;
  /** And on this one. */
  readonly nth: number;
  readonly peer: RawPeer;
}

/** Files that a scripted seeder has, and targets of a fetch. */
class Seed {
  readonly contents = new Map<string, Uint8Array>();
  readonly files: FetchFile[] = [];
  readonly bytes: Uint8Array[] = [];

  async add(size: number): Promise<this> {
    const bytes = randomBytes(size);
    const content = contentOf(bytes);
    this.contents.set(content.contentId, bytes);
    this.files.push({ ...content, path: await work.file(new Uint8Array(0)) });
    this.bytes.push(bytes);
    return this;
  }

  chunk({ contentId, index }: Pick<Request, 'contentId' | 'index'>): Uint8Array {
    return this.contents.get(contentId)!.subarray(index * CHUNK, (index + 1) * CHUNK);
  }

  reply(
    request: Request,
    change: { index?: number; contentId?: string; bytes?: Uint8Array } = {},
  ): Uint8Array {
    const { contentId, index, bytes = this.chunk(request) } = { ...request, ...change };
    const payload = encodeReply(500, { contentId: Buffer.from(contentId, 'hex'), chunkIndex: index, bytes });
    return encodeFrame({ type: 501, reqId: request.reqId, flags: 1, payload });
  }

  async expectWhole(): Promise<void> {
    for (const [i, { path }] of this.files.entries()) {
      expect(Buffer.compare(this.bytes[i]!, await readFile(path))).toBe(0);
    }
  }
}

const refusal = ({ reqId }: Request, text: string) =>
  encodeFrame({ type: 500, reqId, flags: 3, payload: new TextEncoder().encode(text) });

/** A seeder that does with each request what the script says: nothing, or octets to send. */
async function seeder(script: (request: Request) => Uint8Array | null, options: RawOptions = {}) {
  let count = 0;
  let sent = 0;
  const made = await RawServer.sessions(async (peer) => {
    for (let nth = 0; !peer.over && !peer.socket.writableEnded; nth++) {
      const { reqId, payload } = await peer.envelope();
      const { contentId, chunkIndex } = decodeRequest(500, payload);
      const request = { reqId, contentId: toHex(contentId), index: chunkIndex, count: count++, nth, peer };
      const answer = script(request);
      if (!answer) continue;
      sent += answer.length;
      peer.socket.write(answer);
    }
  }, options);
  open.push(made);
  /** Octets of all answers. */
  return Object.assign(made, { sent: () => sent });
}

/** What a fetch told, and how it ended. */
function watch(us: TestShard, address: string, files: readonly FetchFile[], signal?: AbortSignal) {
  const seen = { events: [] as FetchEvent[], error: null as { code?: string } | null, over: false };
  const stream = us.handlers.fetch({ peer: { address }, files }, signal ? us.callWith(signal) : us.call);
  const done = (async () => {
    try {
      for await (const event of stream) seen.events.push(event);
    } catch (error) {
      seen.error = error as { code?: string };
    }
    seen.over = true;
  })();
  return Object.assign(seen, { done });
}

describe('a peer that closes', () => {
  test('amid the fetch, again and again, is dialled again as long as it brings something', async () => {
    const us = await shard();
    const seed = await new Seed().add(8 * CHUNK + 5);
    const them = await seeder((request) => {
      if (request.nth < 2) return seed.reply(request);
      request.peer.socket.end(seed.reply(request));
      return null;
    });
    const events = await us.fetch(them.address, seed.files);
    await seed.expectWhole();
    expect(them.connections).toBe(3);
    const bytes = events.flatMap((event) => (event.kind === 'progress' ? [event.bytes] : []));
    expect(bytes.reduce((sum, count) => sum + count, 0)).toBe(8 * CHUNK + 5);
  });

  test('at once is not dialled again for ever', async () => {
    const us = await shard();
    const seed = await new Seed().add(CHUNK);
    const them = await seeder(({ peer }) => {
      peer.destroy();
      return null;
    });
    await expect(us.fetch(them.address, seed.files)).rejects.toMatchObject({ code: 'E_PEER_REFUSED' });
    expect(them.connections).toBe(1);
  });

  test('and is gone when it is dialled again', async () => {
    const us = await shard();
    const seed = await new Seed().add(4 * CHUNK);
    const them: RawServer = await seeder((request) => {
      if (request.count === 2) them.close();
      return seed.reply(request);
    });
    await expect(us.fetch(them.address, seed.files)).rejects.toMatchObject({ code: 'E_PEER_UNREACHABLE' });
  });

  test('inside a chunk', async () => {
    const us = await shard();
    const seed = await new Seed().add(4 * CHUNK);
    const them = await seeder((request) => {
      if (request.count !== 1) return seed.reply(request);
      request.peer.socket.end(seed.reply(request).subarray(0, 100_000));
      return null;
    });
    await us.fetch(them.address, seed.files);
    await seed.expectWhole();
    expect(them.connections).toBe(2);
  });
});

describe('a peer that is slow, or says that it had enough', () => {
  async function start(script: (request: Request) => Uint8Array | null, config = {}) {
    const clock = new ManualClock(WALL);
    const us = await shard(config, { clock });
    const them = await seeder(script, { now: () => clock.wall() / 1000 });
    return { clock, us, them };
  }

  test('silence amid a fetch: E_PEER_SILENT at requestMs', async () => {
    const seed = await new Seed().add(8 * CHUNK);
    const { clock, us, them } = await start((request) => (request.count < 3 ? seed.reply(request) : null), {
      requestMs: 2_000,
    });
    const fetch = watch(us, them.address, seed.files);
    await until(() => us.metrics.get('chunks_fetched') === 3, 'three chunks');
    await clock.advance(1_900);
    expect(fetch.over).toBe(false);
    await clock.advance(600);
    // It had brought something: it is asked once more, and brings nothing this time.
    await until(() => them.connections === 2, 'the second dial');
    await until(() => us.metrics.get('sessions') === 1, 'the second session');
    await clock.advance(2_600);
    await fetch.done;
    expect(fetch.error).toMatchObject({ code: 'E_PEER_SILENT', retryable: true });
  });

  test('"rate limit exceeded" is waited out', async () => {
    const seed = await new Seed().add(20 * CHUNK);
    let refused = 0;
    const { clock, us, them } = await start((request) => {
      if (request.count < 10 || clock.now() > WALL + 30_000) return seed.reply(request);
      refused++;
      return refusal(request, 'chunk request rate limit exceeded');
    });
    await us.connect(them.address);
    const base = us.metrics.get('bytes_down')!;
    // Every answer has arrived, and was looked at in the same turn.
    const heard = () => us.metrics.get('bytes_down') === base + them.sent();
    const fetch = watch(us, them.address, seed.files);
    await until(() => refused === 10 && heard(), 'the limit');
    expect(us.metrics.get('chunks_fetched')).toBe(10);
    for (let i = 0; i < 7 && us.metrics.get('chunks_fetched') === 10; i++) {
      const before = refused;
      await clock.advance(4_999);
      expect(refused).toBe(before);
      await clock.advance(1);
      const more = () => refused === before + 10 || us.metrics.get('chunks_fetched')! > 10;
      await until(() => more() && heard(), 'the next attempt');
    }
    await until(() => fetch.over || us.metrics.get('chunks_fetched') === 20, 'the rest');
    await clock.advance(100);
    await fetch.done;
    expect(fetch.error).toBeNull();
    await seed.expectWhole();
    // What was asked for once at each attempt, no storm.
    expect(refused).toBeLessThanOrEqual(10 + 6 * 10);
  });

  test('"temporarily unavailable" is waited out, for a shorter time', async () => {
    const seed = await new Seed().add(6 * CHUNK);
    const { clock, us, them } = await start((request) =>
      request.count < 3 || clock.now() > WALL
        ? seed.reply(request)
        : refusal(request, 'temporarily unavailable'),
    );
    await us.connect(them.address);
    const base = us.metrics.get('bytes_down')!;
    const fetch = watch(us, them.address, seed.files);
    await until(() => us.metrics.get('bytes_down') === base + them.sent() && them.sent() > 3 * CHUNK, 'it');
    expect(us.metrics.get('chunks_fetched')).toBe(3);
    await clock.advance(500);
    await until(() => us.metrics.get('chunks_fetched') === 6, 'the rest');
    await clock.advance(100);
    await fetch.done;
    expect(fetch.error).toBeNull();
    await seed.expectWhole();
  });

  test.each([
    ['with a request unanswered', false],
    ['with none under way', true],
  ])('waiting goes on when the session ends meanwhile, %s', async (_, answered) => {
    const seed = await new Seed().add(6 * CHUNK);
    const { clock, us, them } = await start((request) => {
      if (request.count < 3 || clock.now() > WALL) return seed.reply(request);
      const refused = refusal(request, 'chunk request rate limit exceeded');
      if (request.count < 5) return refused;
      request.peer.socket.end(answered ? refused : '');
      return null;
    });
    const fetch = watch(us, them.address, seed.files);
    const sessions = () => us.metrics.get('sessions');
    if (answered) await until(() => sessions() === 0, 'the end of the session');
    else await until(() => them.connections === 2 && sessions() === 1, 'the second session');
    expect(us.metrics.get('chunks_fetched')).toBe(3);
    // What follows the handshake in the same turn.
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(5_000);
    await until(() => us.metrics.get('chunks_fetched') === 6, 'the rest');
    await clock.advance(100);
    await fetch.done;
    expect([fetch.error, them.connections]).toEqual([null, 2]);
    await seed.expectWhole();
  });

  test('a timer that fires a little early, as those of Node do, does not end the waiting for ever', async () => {
    const seed = await new Seed().add(2 * CHUNK);
    const early = {
      ...systemClock,
      after: (ms: number, callback: () => void) => systemClock.after(ms === 5_000 ? 0 : ms, callback),
    };
    const us = await shard({ dialMs: 6_000 }, { clock: early });
    const them = await seeder((request) =>
      request.count === 0 ? refusal(request, 'rate limit') : seed.reply(request),
    );
    await us.fetch(them.address, seed.files);
    await seed.expectWhole();
  });

  test('but not for ever: 90 seconds without a chunk', async () => {
    const seed = await new Seed().add(2 * CHUNK);
    let refused = 0;
    const { clock, us, them } = await start((request) => {
      refused++;
      return refusal(request, 'chunk request rate limit exceeded');
    });
    await us.connect(them.address);
    const base = us.metrics.get('bytes_down')!;
    const heard = () => us.metrics.get('bytes_down') === base + them.sent();
    const fetch = watch(us, them.address, seed.files);
    for (let i = 0; i < 30 && !fetch.over; i++) {
      await until(() => (refused === 2 * (i + 1) && heard()) || fetch.over, 'both chunks to be refused');
      await clock.advance(5_000);
    }
    await fetch.done;
    expect(fetch.error).toMatchObject({ code: 'E_PEER_ERROR', retryable: true });
    expect(clock.now()).toBeGreaterThanOrEqual(WALL + 90_000);
    expect(clock.now()).toBeLessThan(WALL + 110_000);
  });
});

describe('what a peer may send for a chunk', () => {
  const hex = (value: string) => Buffer.from(value, 'hex');
  const u32 = (value: number) => {
    const octets = Buffer.alloc(4);
    octets.writeUInt32BE(value);
    return octets;
  };
  const frame = (...parts: Uint8Array[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([u32(body.length), body]);
  };
  const key = (name: string) => Buffer.concat([Buffer.from([0x60 + name.length]), Buffer.from(name)]);
  const head = (major: number, length: number) =>
    Buffer.concat([Buffer.from([(major << 5) | 26]), u32(length)]);
  const string = (content: Uint8Array) => Buffer.concat([head(2, content.length), content]);

  /** The same message in a layout of its own: envelope fields by name, payload as it is to stand. */
  function odd(request: Request, bytes: Uint8Array, layout: string): Uint8Array {
    const id = Buffer.from(request.contentId, 'hex');
    const inner = Buffer.concat(
      layout === 'inner order'
        ? [hex('a3'), hex('02'), string(bytes), hex('01'), head(0, request.index), hex('00'), string(id)]
        : layout === 'inner extra'
          ? [
              hex('bf'),
              hex('00'),
              string(id),
              hex('09'),
              hex('80'),
              hex('01'),
              head(0, request.index),
              hex('02'),
              string(bytes),
              hex('ff'),
            ]
          : [hex('a3'), hex('00'), string(id), hex('01'), head(0, request.index), hex('02'), string(bytes)],
    );
    const fields = {
      type: Buffer.concat([key('type'), hex('1901f5')]),
      reqId: Buffer.concat([key('req_id'), head(0, request.reqId)]),
      flags: Buffer.concat([key('flags'), hex('01')]),
      payload: Buffer.concat([key('payload'), string(inner)]),
    };
    if (layout === 'array') {
      const octets = Buffer.concat(
        [...inner].map((octet) => (octet < 24 ? Buffer.of(octet) : Buffer.of(0x18, octet))),
      );
      fields.payload = Buffer.concat([key('payload'), head(4, inner.length), octets]);
    }
    if (layout === 'pieces') {
      const half = inner.length >> 1;
      fields.payload = Buffer.concat([
        key('payload'),
        hex('5f'),
        string(inner.subarray(0, half)),
        string(inner.subarray(half)),
        hex('ff'),
      ]);
    }
    const { type, reqId, flags, payload } = fields;
    if (layout === 'order') return frame(hex('a4'), payload, flags, reqId, type);
    if (layout === 'extra') return frame(hex('a5'), type, reqId, key('more'), hex('8101'), flags, payload);
    if (layout === 'trailing') return frame(hex('a4'), type, reqId, flags, payload, hex('00ff00'));
    return frame(hex('a4'), type, reqId, flags, payload);
  }

  test.each(['order', 'extra', 'trailing', 'array', 'pieces', 'inner order', 'inner extra', 'long integers'])(
    'any layout the network reads: %s',
    async (layout) => {
      // Writes on the pool as well, because then the octets have to outlive their frame.
      for (const clock of [systemClock, slowClock()]) {
        const us = await shard({}, { clock });
        const seed = await new Seed().add(3 * CHUNK + 77);
        const them = await seeder((request) => odd(request, seed.chunk(request), layout));
        await us.fetch(them.address, seed.files);
        await seed.expectWhole();
      }
    },
  );

  const wrong: [string, string, (request: Request, seed: Seed) => Uint8Array][] = [
    [
      'another index',
      'E_PEER_PROTOCOL',
      (request, seed) => seed.reply(request, { index: request.index + 1 }),
    ],
    [
      'another content',
      'E_PEER_PROTOCOL',
      (request, seed) => seed.reply(request, { contentId: '77'.repeat(32) }),
    ],
    [
      'another type',
      'E_PEER_PROTOCOL',
      ({ reqId }) => encodeFrame({ type: 503, reqId, flags: 1, payload: new Uint8Array(3) }),
    ],
    [
      'no chunk',
      'E_PEER_PROTOCOL',
      ({ reqId }) => encodeFrame({ type: 501, reqId, flags: 1, payload: hex('a0') }),
    ],
    [
      'an octet too few',
      'E_CHUNK_CORRUPT',
      (request, seed) => seed.reply(request, { bytes: seed.chunk(request).subarray(1) }),
    ],
    [
      'an octet too many',
      'E_CHUNK_CORRUPT',
      (request, seed) => seed.reply(request, { bytes: Buffer.concat([seed.chunk(request), hex('00')]) }),
    ],
    ['none at all', 'E_CHUNK_CORRUPT', (request, seed) => seed.reply(request, { bytes: new Uint8Array(0) })],
    ['an error', 'E_PEER_ERROR', (request) => refusal(request, 'chunk not found')],
  ];
  test.each(wrong)('%s: %s, once, and other fetches of the session as it is due', async (_, code, answer) => {
    const us = await shard();
    const seed = await new Seed().add(3 * CHUNK);
    const them = await seeder((request) => answer(request, seed));
    const other = await new Seed().add(CHUNK);
    const [first, second] = [
      watch(us, them.address, seed.files),
      watch(us, them.address, [{ ...other.files[0]!, contentId: seed.files[0]!.contentId }]),
    ];
    await Promise.all([first.done, second.done]);
    expect([first.error?.code, second.error?.code]).toEqual([code, code]);
    expect(await readFile(seed.files[0]!.path)).toHaveLength(0);
    expect(await us.sessions()).toHaveLength(code === 'E_PEER_PROTOCOL' ? 0 : 1);
  });

  test('wrong octets once are discarded and asked for again', async () => {
    const us = await shard();
    const seed = await new Seed().add(4 * CHUNK);
    const them = await seeder((request) =>
      request.count === 1 ? seed.reply(request, { bytes: randomBytes(CHUNK) }) : seed.reply(request),
    );
    const events = await us.fetch(them.address, seed.files);
    await seed.expectWhole();
    expect(events.filter(({ kind }) => kind === 'corrupt')).toEqual([
      { kind: 'corrupt', index: 0, chunk: 1 },
    ]);
    expect(us.metrics.get('chunks_corrupt')).toBe(1);
  });
});

/** Every look at it is 3 ms later: all reads and writes look slow, so that they go to the pool. */
function slowClock() {
  let ticks = 0;
  return { ...systemClock, now: () => systemClock.now() + ticks++ * 3 };
}

describe('disks', () => {
  test('slow ones at both ends: everything by the pool, every octet right', async () => {
    const seedShard = await shard({}, { clock: slowClock() });
    const us = await shard({}, { clock: slowClock() });
    const address = await seedShard.listen();
    const seed = new Seed();
    for (const size of [1, CHUNK, 3 * CHUNK + 1, 40 * CHUNK, 0]) await seed.add(size);
    for (const [i, { contentId }] of seed.files.entries()) {
      seedShard.share(await work.file(seed.bytes[i]!), contentId);
    }
    const half = seed.files.length >> 1;
    await Promise.all([
      us.fetch(address, seed.files.slice(0, half)),
      us.fetch(address, seed.files.slice(half)),
    ]);
    await seed.expectWhole();
    await seedShard.stop();
  });

  test('a slow one with small chunks in between, from a plain peer', async () => {
    const us = await shard({ requestWindow: 64 }, { clock: slowClock() });
    const seed = new Seed();
    for (let i = 0; i < 30; i++) await seed.add(i % 3 === 0 ? CHUNK + i : i * 100);
    const them = await seeder((request) => seed.reply(request));
    await us.fetch(them.address, seed.files);
    await seed.expectWhole();
  });

  const targets: [string, string, (path: string) => Promise<unknown>][] = [
    ['nothing', 'E_NOT_FOUND', async () => {}],
    ['a link', 'E_IO', async (path) => await symlink('/dev/null', path)],
    ['a folder', 'E_IO', async (path) => await mkdir(path)],
    ['a FIFO', 'E_IO', async (path) => execFileSync('mkfifo', [path])],
  ];
  test.each(targets)('%s in the place of the target: %s with its path', async (_, code, put) => {
    for (const clock of [systemClock, slowClock()]) {
      const us = await shard({}, { clock });
      const seed = await new Seed().add(3 * CHUNK);
      // A chunk that goes well first, so that the slow clock has sent the next to the pool.
      await seed.add(CHUNK);
      const [broken, good] = seed.files as [FetchFile, FetchFile];
      const them = await seeder((request) => seed.reply(request));
      await rm(broken.path);
      await put(broken.path);
      const fetch = watch(us, them.address, [good, broken]);
      await fetch.done;
      expect(fetch.error).toMatchObject({ code, subject: broken.path });
      expect(await us.sessions()).toHaveLength(1);
    }
  });
});

describe('many files, and leaving', () => {
  test('500 small files over one session, few of them open at once', async () => {
    const us = await shard();
    const seed = new Seed();
    for (let i = 0; i < 500; i++) await seed.add(i % 7 === 0 ? 0 : 50 + i);
    let most = 0;
    const them = await seeder((request) => {
      most = Math.max(most, filesOpen().length);
      return seed.reply(request);
    });
    const events = await us.fetch(them.address, seed.files);
    await seed.expectWhole();
    const done = events.flatMap((event) => (event.kind === 'file' ? [event.index] : []));
    expect(done.sort((a, b) => a - b)).toEqual(seed.files.map((_, i) => i));
    expect(most).toBeLessThan(20);
    expect(them.connections).toBe(1);
  });

  test('no file at all is done at once, without a dial', async () => {
    const us = await shard();
    expect(await us.fetch('tcp://127.0.0.1:1', [])).toMatchObject([{ kind: 'spent' }]);
    const seed = await new Seed().add(0);
    expect(await us.fetch('tcp://127.0.0.1:1', seed.files)).toMatchObject([
      { kind: 'file', index: 0, contentId: null },
      { kind: 'spent' },
    ]);
  });

  test.each([false, true])(
    'aborted in mid-air, disk slow %s: no file stays open, the session serves on',
    async (slow) => {
      const us = await shard({}, slow ? { clock: slowClock() } : {});
      const seed = await new Seed().add(60 * CHUNK);
      const them = await seeder((request) => seed.reply(request));
      for (let round = 0; round < 5; round++) {
        const abort = new AbortController();
        const reason = new Error('enough');
        const fetch = watch(us, them.address, seed.files, abort.signal);
        const before = us.metrics.get('chunks_fetched') ?? 0;
        await until(() => (us.metrics.get('chunks_fetched') ?? 0) > before + round, 'some chunks');
        abort.abort(reason);
        await fetch.done;
        expect(fetch.error).toBe(reason);
        await until(() => filesOpen().length === 0, 'the file to be closed');
      }
      await us.fetch(them.address, seed.files);
      await seed.expectWhole();
      expect(them.connections).toBe(1);
    },
  );

  test('whoever stops listening is not fetched for any more', async () => {
    const us = await shard();
    const seed = await new Seed().add(60 * CHUNK);
    let asked = 0;
    // No more than these: however slow whoever listens is, not all chunks have been asked for when it leaves.
    const them = await seeder((request) => (asked++ < 4 ? seed.reply(request) : null));
    for await (const event of us.handlers.fetch(
      { peer: { address: them.address }, files: seed.files },
      us.call,
    )) {
      if (event.kind === 'progress') break;
    }
    await until(() => filesOpen().length === 0, 'the file to be closed');
    await us.request(them.address, 500, new Uint8Array(0)).catch(() => {});
    expect(asked).toBeLessThan(60);
  });

  test('aborted before the dial, and during it', async () => {
    const us = await shard();
    const seed = await new Seed().add(CHUNK);
    const before = watch(us, 'tcp://127.0.0.1:1', seed.files, AbortSignal.abort(new Error('before')));
    await before.done;
    expect(before.error).toMatchObject({ message: 'before' });
    const silent = await RawServer.start(() => {});
    open.push(silent);
    const abort = new AbortController();
    const during = watch(us, silent.address, seed.files, abort.signal);
    await until(() => silent.connections === 1, 'the dial');
    abort.abort(new Error('during'));
    await during.done;
    expect(during.error).toMatchObject({ message: 'during' });
  });

  test('one of many fetches that fails leaves the others alone', async () => {
    const us = await shard();
    const seed = new Seed();
    for (let i = 0; i < 5; i++) await seed.add(5 * CHUNK);
    const them = await seeder((request) => seed.reply(request));
    const lost = { ...seed.files[2]!, path: join(work.root, 'no', 'such', 'folder') };
    const files = seed.files.map((file, i) => (i === 2 ? lost : file));
    const all = files.map((file) => watch(us, them.address, [file]));
    await Promise.all(all.map(({ done }) => done));
    expect(all.map(({ error }) => error?.code ?? null)).toEqual([null, null, 'E_NOT_FOUND', null, null]);
  });
});

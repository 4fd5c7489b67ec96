import { afterEach, describe, expect, test } from 'vitest';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { encodeFrame } from '../../../src/protocol/wire/envelope.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { boundIdentity, type RawOptions, type RawPeer, RawServer, until } from './raw-peer.ts';
import { TestShard } from './world.ts';

const WALL = 1_800_000_000_000;
const open: { stop?(): unknown; close?(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) {
    await thing.stop?.();
    thing.close?.();
    if (thing instanceof TestShard) expect(thing.bugs).toEqual([]);
  }
});

async function shard(...options: Parameters<typeof TestShard.start>): Promise<TestShard> {
  const made = await TestShard.start(...options);
  open.push(made);
  return made;
}

async function peers(script: (peer: RawPeer, count: number) => unknown, options: RawOptions = {}) {
  const made = await RawServer.sessions(script, options);
  open.push(made);
  return made;
}

const ok = (reqId: number, text = 'ok', type = 401) =>
  encodeFrame({ type, reqId, flags: 1, payload: new TextEncoder().encode(text) });

/** Answers every request with its own number. */
async function echo(peer: RawPeer): Promise<void> {
  for (;;) {
    const { reqId, payload } = await peer.envelope();
    peer.socket.write(ok(reqId, new TextDecoder().decode(payload)));
  }
}

const text = ({ payload }: { payload: Uint8Array }) => new TextDecoder().decode(payload);
const bytes = (value: string) => new TextEncoder().encode(value);

describe('one session a peer', () => {
  test('callers at once share a dial, later ones the session', async () => {
    const us = await shard();
    const them = await peers(echo);
    const results = await Promise.all([
      us.connect(them.address),
      ...Array.from({ length: 20 }, (_, i) => us.request(them.address, 400, bytes(`${i}`))),
    ]);
    expect(results.slice(1).map((reply) => text(reply as never))).toEqual(
      Array.from({ length: 20 }, (_, i) => `${i}`),
    );
    await us.request(them.address, 400);
    expect([them.connections, (await us.sessions()).length]).toEqual([1, 1]);
  });

  test('a wanted key finds the session that has it', async () => {
    const us = await shard();
    const identity = boundIdentity();
    const them = await peers(echo, { identity });
    await us.connect(them.address);
    await us.request(them.address, 400, bytes(''), { nodeKey: toHex(identity.key.publicKey) });
    expect(them.connections).toBe(1);
  });

  test('a request whose session ends is asked once more on a new one; two ends are one too many', async () => {
    const us = await shard();
    const asked: number[] = [];
    const them = await peers(async (peer, count) => {
      for (;;) {
        const { reqId } = await peer.envelope();
        asked.push(count);
        if (asked.length === 2 || asked.length === 4 || asked.length === 5) return peer.destroy();
        peer.socket.write(ok(reqId));
      }
    });
    await us.request(them.address, 400);
    expect(text(await us.request(them.address, 400))).toBe('ok');
    expect(asked).toEqual([0, 0, 1]);
    await expect(us.request(them.address, 400)).rejects.toMatchObject({
      code: 'E_PEER_REFUSED',
      retryable: true,
      subject: them.address,
    });
    expect(text(await us.request(them.address, 400))).toBe('ok');
    expect(asked).toEqual([0, 0, 1, 1, 2, 3]);
  });

  test('a peer that closes before it ever answered has no place for us', async () => {
    const us = await shard();
    const them = await peers((peer) => peer.destroy());
    await us.connect(them.address);
    await expect(us.request(them.address, 400)).rejects.toMatchObject({
      code: 'E_PEER_REFUSED',
      retryable: true,
    });
  });

  test('dials of many peers do not get past the limit of sessions', async () => {
    const us = await shard({ maxSessions: 3 });
    const all = await Promise.all(Array.from({ length: 6 }, () => peers(echo)));
    const results = await Promise.allSettled(all.map(({ address }) => us.connect(address)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    for (const result of results) {
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'E_BUSY', retryable: true });
    }
    await until(() => all.filter(({ open: count }) => count > 0).length === 3, 'the others to be closed');
  });

  test('a stop ends the session, and everybody who waits hears of it', async () => {
    const us = await shard();
    let asks = 0;
    const them = await peers(async (peer) => {
      for (;;) {
        await peer.frame();
        asks++;
      }
    });
    const waiting = Array.from({ length: 40 }, () => us.request(them.address, 400));
    for (const each of waiting) each.catch(() => {});
    await until(() => asks === 16, 'all places to be taken');
    await us.stop();
    const results = await Promise.allSettled(waiting);
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    await expect(us.connect(them.address)).rejects.toMatchObject({ code: 'E_BUSY' });
  });
});

describe('requests', () => {
  test('at most the window are under way; those that wait come in their order', async () => {
    const us = await shard({ requestWindow: 3 });
    const held: { peer: RawPeer; reqId: number }[] = [];
    const seen: string[] = [];
    const them = await peers(async (peer) => {
      for (;;) {
        const { reqId, payload } = await peer.envelope();
        seen.push(new TextDecoder().decode(payload));
        held.push({ peer, reqId });
      }
    });
    const all = Array.from({ length: 8 }, (_, i) => us.request(them.address, 400, bytes(`${i}`)));
    await until(() => held.length === 3, 'three requests');
    for (let count = 3; held.length > 0; count++) {
      const { peer, reqId } = held.shift()!;
      peer.socket.write(ok(reqId));
      if (count < 8) await until(() => seen.length === count + 1, 'the next request');
    }
    await Promise.all(all);
    expect(seen).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  test('one that is aborted leaves the session usable, and its place once the peer has answered', async () => {
    const us = await shard({ requestWindow: 1 });
    const held: { peer: RawPeer; reqId: number }[] = [];
    const them = await peers(async (peer) => {
      for (;;) held.push({ peer, reqId: (await peer.envelope()).reqId });
    });
    const abort = new AbortController();
    const first = us.request(them.address, 400, bytes(''), { signal: abort.signal });
    first.catch(() => {});
    await until(() => held.length === 1, 'the request');
    const waitAbort = new AbortController();
    const queued = us.request(them.address, 400, bytes(''), { signal: waitAbort.signal });
    queued.catch(() => {});
    const last = us.request(them.address, 400);
    // The queue is joined in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort(new Error('enough'));
    waitAbort.abort(new Error('enough too'));
    await expect(first).rejects.toThrow('enough');
    await expect(queued).rejects.toThrow('enough too');
    expect(held.length).toBe(1);
    held[0]!.peer.socket.write(ok(held[0]!.reqId));
    await until(() => held.length === 2, 'the last request');
    held[1]!.peer.socket.write(ok(held[1]!.reqId, 'late'));
    expect(text(await last)).toBe('late');
    const aborted = AbortSignal.abort(new Error('before'));
    await expect(us.request(them.address, 400, bytes(''), { signal: aborted })).rejects.toThrow('before');
    expect(await us.sessions()).toHaveLength(1);
  });

  test('an error of the peer is its text; one of its limits can be asked again', async () => {
    const us = await shard();
    const them = await peers(async (peer) => {
      for (;;) {
        const { reqId, type, payload } = await peer.envelope();
        peer.socket.write(encodeFrame({ type, reqId, flags: 3, payload }));
      }
    });
    const asked = (message: string) => us.request(them.address, 400, bytes(message));
    await expect(asked('manifest not found')).rejects.toMatchObject({
      code: 'E_PEER_ERROR',
      message: 'the peer answered: manifest not found',
      subject: them.address,
      retryable: false,
    });
    await expect(asked('fetch request rate limit exceeded')).rejects.toMatchObject({ retryable: true });
    await expect(asked('x'.repeat(100_000))).rejects.toMatchObject({
      message: `the peer answered: ${'x'.repeat(512)}`,
    });
    expect(await us.sessions()).toHaveLength(1);
  });

  test('a reply of another type is an error, the session goes on', async () => {
    const us = await shard();
    const types = [403, 401];
    const them = await peers(async (peer) => {
      for (const type of types) peer.socket.write(ok((await peer.envelope()).reqId, 'x', type));
    });
    await expect(us.request(them.address, 400)).rejects.toMatchObject({ code: 'E_PEER_PROTOCOL' });
    expect((await us.request(them.address, 400)).type).toBe(401);
    expect(them.connections).toBe(1);
  });

  test('a reply may be longer than what a request may be, up to the length of a frame', async () => {
    const us = await shard();
    const payload = new Uint8Array(2 * 1024 * 1024 - 60).fill(7);
    const them = await peers(async (peer) => {
      peer.socket.write(encodeFrame({ type: 401, reqId: (await peer.envelope()).reqId, flags: 1, payload }));
    });
    const reply = await us.request(them.address, 400);
    expect(Buffer.from(payload).equals(reply.payload)).toBe(true);
  });
});

describe('peers that break the protocol', () => {
  const answers: [string, (reqId: number) => Uint8Array][] = [
    ['a reply to what nobody asked', (reqId) => ok(reqId + 1)],
    [
      'a request of its own',
      () => encodeFrame({ type: 400, reqId: 1_000, flags: 0, payload: new Uint8Array(0) }),
    ],
    ['no envelope', () => Buffer.from('00000001ff', 'hex')],
    ['a frame that is too long', () => Buffer.from('00200001', 'hex')],
    ['a reply twice', (reqId) => Buffer.concat([ok(reqId), ok(reqId)])],
  ];
  test.each(answers)(
    '%s: E_PEER_PROTOCOL for all who wait, and the session is over',
    async (what, answer) => {
      const us = await shard();
      const them = await peers(async (peer) => {
        await peer.frame();
        const { reqId } = await peer.envelope();
        peer.socket.write(answer(reqId));
      });
      const [first, second] = [us.request(them.address, 400), us.request(them.address, 400)];
      const results = await Promise.allSettled([first, second]);
      const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect(failed).toHaveLength(what.endsWith('twice') ? 1 : 2);
      for (const error of failed) {
        expect(error).toMatchObject({ code: 'E_PEER_PROTOCOL', retryable: false, subject: them.address });
      }
      await until(() => us.metrics.get('sessions') === 0 && them.open === 0, 'the session to end');
      expect(us.metrics.get('sessions_dropped')).toBe(1);
    },
  );

  test('what is said when nobody asked ends the session too', async () => {
    const us = await shard();
    const them = await peers((peer) => peer.socket.write(ok(1)));
    await us.connect(them.address);
    await until(() => us.metrics.get('sessions') === 0, 'the session to end');
  });
});

describe('peers that are silent', () => {
  async function start(config: object, script: (peer: RawPeer) => unknown) {
    const clock = new ManualClock(WALL);
    const us = await shard(config, { clock });
    const them = await peers(script, { now: () => clock.wall() / 1000 });
    return { clock, us, them };
  }

  test('E_PEER_SILENT after requestMs without an octet', async () => {
    let asks = 0;
    const { clock, us, them } = await start({ requestMs: 4_000 }, async (peer) => {
      await peer.frame();
      asks++;
    });
    const asked = us.request(them.address, 400);
    let over = false;
    asked.catch(() => {
      over = true;
    });
    await until(() => asks === 1, 'the request');
    await clock.advance(4_000);
    expect(over).toBe(false);
    await clock.advance(1_000);
    await expect(asked).rejects.toMatchObject({ code: 'E_PEER_SILENT', retryable: true });
    await until(() => them.open === 0, 'the session to end');
  });

  test('a long time without requests is no silence', async () => {
    const { clock, us, them } = await start({ requestMs: 4_000 }, echo);
    await us.request(them.address, 400);
    await clock.advance(60_000);
    expect(text(await us.request(them.address, 400, bytes('still here')))).toBe('still here');
  });

  test('a trickle is progress, until it is below 4 KiB/s for 30 seconds', async () => {
    let peer: RawPeer | null = null;
    let reqId = 0;
    const { clock, us, them } = await start({ requestMs: 4_000 }, async (accepted) => {
      ({ reqId } = await accepted.envelope());
      peer = accepted;
    });
    const asked = us.request(them.address, 400);
    let failed: { code?: string; message?: string } | null = null;
    asked.catch((error) => {
      failed = error;
    });
    await until(() => peer !== null, 'the request');
    const reply = encodeFrame({ type: 401, reqId, flags: 1, payload: new Uint8Array(100_000) });
    for (let second = 0; second < 40 && failed === null; second++) {
      const before = us.metrics.get('bytes_down')!;
      peer!.socket.write(reply.subarray(second * 100, second * 100 + 100));
      await until(() => us.metrics.get('bytes_down')! > before || failed !== null, 'the trickle');
      await clock.advance(1_000);
      if (second < 28) expect(failed).toBeNull();
    }
    expect(failed).toMatchObject({
      code: 'E_PEER_SILENT',
      message: expect.stringContaining('too slow') as string,
    });
  });
});

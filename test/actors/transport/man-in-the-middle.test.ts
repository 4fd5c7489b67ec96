import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { boundIdentity, RawPeer, RawServer, unboundIdentity, until } from './raw-peer.ts';
import { TcpRelay } from './tcp-relay.ts';
import { contentOf, TestShard, workFolder } from './world.ts';

const open: { stop?(): unknown; close?(): unknown }[] = [];
const keep = <T extends { stop?(): unknown; close?(): unknown }>(thing: T): T => {
  open.push(thing);
  return thing;
};

afterEach(async () => {
  for (const thing of open.splice(0)) {
    await thing.stop?.();
    thing.close?.();
    if (thing instanceof TestShard) expect(thing.bugs).toEqual([]);
  }
});

type Way = 'in' | 'out';
/** What becomes of a frame; `nth` counts those of its way. */
type Change = (frame: Buffer, nth: number, way: Way) => readonly Buffer[];

/** Ends TLS on both sides with a certificate of its own, and passes frames on as it likes. */
async function manInTheMiddle(target: string, change: Change = (frame) => [frame]) {
  const seen: Buffer[] = [];
  const relay = await RawServer.start(
    (peer) => {
      const inner = peer.socket;
      const { hostname: host, port } = new URL(target);
      const tls = { ...boundIdentity().tls, rejectUnauthorized: false };
      const outer = connectTls({ host, port: Number(port), ...tls });
      outer.on('error', () => {});
      outer.on('close', () => inner.destroy());
      inner.on('close', () => outer.destroy());
      const pass = (way: Way, from: Socket, to: Socket) => {
        let waiting = Buffer.alloc(0);
        let nth = 0;
        from.on('data', (piece: Buffer) => {
          seen.push(piece);
          waiting = Buffer.concat([waiting, piece]);
          while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE(0)) {
            const length = 4 + waiting.readUInt32BE(0);
            for (const frame of change(waiting.subarray(0, length), nth++, way)) to.write(frame);
            waiting = waiting.subarray(length);
          }
        });
      };
      pass('in', outer, inner);
      pass('out', inner, outer);
    },
    { identity: boundIdentity() },
  );
  return Object.assign(keep(relay), { seen: () => Buffer.concat(seen) });
}

/** Frames of each way before the first record: two hellos and two messages of the sealing go out, one and one come in. */
const BEFORE = { out: 4, in: 2 };
const flipped = (frame: Buffer) => {
  const changed = Buffer.from(frame);
  changed[changed.length - 20]! ^= 1;
  return changed;
};

const shortened = (frame: Buffer) => {
  const short = Buffer.from(frame.subarray(0, frame.length - 1));
  short.writeUInt32BE(short.length - 4);
  return short;
};

describe('somebody who ends TLS between two nodes and relays their hellos', () => {
  test('reads nothing: two Granary nodes seal what they say, and it arrives', async () => {
    const work = await workFolder();
    try {
      const listening = keep(await TestShard.start());
      const dialling = keep(await TestShard.start());
      const bytes = Buffer.alloc(700_000, 'a secret that everybody should know. ');
      const { contentId, hashes } = contentOf(bytes);
      listening.share(await work.file(bytes), contentId);
      const mallory = await manInTheMiddle(await listening.listen());
      const path = await work.file(Buffer.alloc(bytes.length));
      await dialling.fetch(mallory.address, [{ contentId, size: bytes.length, path, hashes }]);
      expect((await readFile(path)).equals(bytes)).toBe(true);
      expect(mallory.seen().length).toBeGreaterThan(700_000);
      expect(mallory.seen().includes('a secret')).toBe(false);
      // The request neither.
      expect(mallory.seen().includes(Buffer.from(contentId, 'hex'))).toBe(false);
      for (const shard of [listening, dialling])
        expect(await shard.sessions()).toMatchObject([{ bound: 'sealed', native: true }]);
      expect(mallory.connections).toBe(1);
    } finally {
      await work.remove();
    }
  });

  const held: Buffer[] = [];
  test.each<[string, Change]>([
    [
      'changes a request',
      (frame, nth, way) => [way === 'out' && nth === BEFORE.out ? flipped(frame) : frame],
    ],
    ['changes an answer', (frame, nth, way) => [way === 'in' && nth === BEFORE.in ? flipped(frame) : frame]],
    ['leaves a request out', (frame, nth, way) => (way === 'out' && nth === BEFORE.out ? [] : [frame])],
    [
      'says a request twice',
      (frame, nth, way) => (way === 'out' && nth >= BEFORE.out ? [frame, frame] : [frame]),
    ],
    [
      'puts requests in another order',
      (frame, nth, way) => {
        if (way !== 'out' || nth < BEFORE.out || nth > BEFORE.out + 1) return [frame];
        held.push(Buffer.from(frame));
        return nth === BEFORE.out ? [] : held.splice(0).reverse();
      },
    ],
    [
      'cuts a record short',
      (frame, nth, way) => [way === 'out' && nth === BEFORE.out ? shortened(frame) : frame],
    ],
    [
      'changes the sealing',
      (frame, nth, way) => [way === 'in' && nth === BEFORE.in - 1 ? flipped(frame) : frame],
    ],
  ])('%s: the session ends on both sides, and whoever waits hears of it', async (_what, change) => {
    const listening = keep(await TestShard.start());
    const dialling = keep(await TestShard.start());
    const mallory = await manInTheMiddle(await listening.listen(), change);
    // Long enough that two of them do not fit into one record.
    const payload = new Uint8Array(40_000);
    const asks = [1, 2, 3].map(() => dialling.request(mallory.address, 999, payload));
    const ends = await Promise.allSettled(asks);
    expect(ends.some(({ status }) => status === 'rejected')).toBe(true);
    expect(ends.at(-1)).toMatchObject({
      reason: { code: expect.stringMatching(/^E_PEER_/) as string },
    });
    await until(() => !listening.metrics.get('sessions'), 'the listening side to end it');
    await until(() => !dialling.metrics.get('sessions'), 'the dialling side to end it');
  });

  test('is no use to a listening node whose peer says it is a Granary node and does not seal', async () => {
    const listening = keep(await TestShard.start());
    const mallory = await manInTheMiddle(await listening.listen());
    const peer = await RawPeer.session(mallory.address, { identity: boundIdentity(), native: true });
    peer.send(999, 1);
    await peer.closed;
    expect(await listening.adopted[0]).toMatchObject({ established: false });
  });

  test('nor to a dialling one', async () => {
    const dialling = keep(await TestShard.start());
    const script = (peer: RawPeer) => peer.socket.write(Buffer.from('00000003a10102', 'hex'));
    const peers = keep(await RawServer.sessions(script, { identity: boundIdentity(), native: true }));
    const mallory = await manInTheMiddle(peers.address);
    await expect(dialling.connect(mallory.address)).rejects.toMatchObject({ code: 'E_PEER_UNBOUND' });
  });

  test('cannot be told from a plain peer by its certificate: such a session is marked', async () => {
    const listening = keep(await TestShard.start());
    const mallory = await manInTheMiddle(await listening.listen());
    const peer = await RawPeer.session(mallory.address, { identity: unboundIdentity() });
    await peer.ask(999, 1);
    expect(await listening.sessions()).toMatchObject([{ bound: 'none', native: false }]);
    peer.destroy();
  });
});

describe('somebody who only passes TCP on', () => {
  test('is no hindrance, and the session is bound', async () => {
    const listening = keep(await TestShard.start());
    const dialling = keep(await TestShard.start());
    const relay = keep(await TcpRelay.start(await listening.listen()));
    expect(await dialling.connect(relay.address)).toMatchObject({ bound: 'tls', native: true });
  });

  // A record that does not decrypt.
  const FORGED = Buffer.from(`1703030040${'00'.repeat(64)}`, 'hex');

  test.each(['inner', 'outer'] as const)(
    'and adds a record of its own to the %s side: the session ends at once on both sides',
    async (side) => {
      const listening = keep(await TestShard.start());
      const dialling = keep(await TestShard.start());
      const relay = keep(await TcpRelay.start(await listening.listen()));
      await dialling.connect(relay.address);
      await until(() => listening.metrics.get('sessions') === 1, 'the session');
      relay.pairs[0]![side].write(FORGED);
      await until(() => listening.metrics.get('sessions') === 0, 'the listening side to end it');
      await until(() => dialling.metrics.get('sessions') === 0, 'the dialling side to end it');
    },
  );

  test('and cuts a request: whoever waits hears of it at once', async () => {
    const dialling = keep(await TestShard.start());
    let asks = 0;
    const peers = keep(
      await RawServer.sessions(async (peer) => {
        await peer.frame();
        asks++;
      }),
    );
    const relay = keep(await TcpRelay.start(peers.address));
    const asked = dialling.request(relay.address, 999);
    asked.catch(() => {});
    await until(() => asks === 1, 'the request');
    relay.pairs[0]!.inner.write(FORGED);
    await expect(asked).rejects.toMatchObject({ code: 'E_PEER_REFUSED', retryable: true });
  });
});

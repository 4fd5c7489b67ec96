import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { boundIdentity, RawPeer, RawServer, unboundIdentity, until } from './raw-peer.ts';
import { TcpRelay } from './tcp-relay.ts';
import { TestShard } from './world.ts';

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

/** Ends TLS on both sides with a certificate of its own and passes every octet on untouched. */
async function manInTheMiddle(target: string) {
  let passed = 0;
  const relay = await RawServer.start(
    (peer) => {
      const inner = peer.socket;
      const { hostname: host, port } = new URL(target);
      const tls = { ...boundIdentity().tls, rejectUnauthorized: false };
      const outer = connectTls({ host, port: Number(port), ...tls });
      outer.on('error', () => {});
      outer.on('close', () => inner.destroy());
      inner.on('close', () => outer.destroy());
      outer.on('data', (piece) => {
        passed += piece.length;
        inner.write(piece);
      });
      inner.on('data', (piece) => outer.write(piece));
    },
    { identity: boundIdentity() },
  );
  return Object.assign(keep(relay), { passed: () => passed });
}

describe('somebody who ends TLS between two nodes and relays their hellos', () => {
  test('is refused by two Granary nodes, on both sides', async () => {
    const listening = keep(await TestShard.start());
    const dialling = keep(await TestShard.start());
    const mallory = await manInTheMiddle(await listening.listen());
    await expect(dialling.connect(mallory.address)).rejects.toMatchObject({
      code: 'E_PEER_UNBOUND',
      message: expect.stringContaining('TLS ends at somebody else') as string,
    });
    expect(mallory.passed()).toBeGreaterThan(100);
    expect(await listening.adopted[0]).toMatchObject({ established: false });
    expect([...(await listening.sessions()), ...(await dialling.sessions())]).toEqual([]);
    expect(mallory.connections).toBe(1);
  });

  test('is refused by the listening node alone, when the other end does not look', async () => {
    const listening = keep(await TestShard.start());
    const mallory = await manInTheMiddle(await listening.listen());
    const peer = await RawPeer.session(mallory.address, { identity: boundIdentity(), native: true });
    await peer.closed;
    expect(await listening.adopted[0]).toMatchObject({ established: false });
  });

  test('is refused by the dialling node alone, when the other end does not look', async () => {
    const dialling = keep(await TestShard.start());
    const peers = keep(await RawServer.sessions(() => {}, { identity: boundIdentity(), native: true }));
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

import { afterEach, describe, expect, test } from 'vitest';
import { selfSigned } from '../../../bench/self-signed.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import type { SigningKey } from '../../../src/protocol/crypto/ed25519.ts';
import { DIALECT_1, DIALECT_1_8, DIALECT_2, type Dialect } from '../../../src/protocol/dialect.ts';
import { decodeHello, helloFrame, signHello } from '../../../src/protocol/handshake/hello.ts';
import { freshHandshakeSecrets } from '../../../src/protocol/handshake/own-secrets.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import {
  boundIdentity,
  dialTcp,
  type RawOptions,
  RawPeer,
  RawServer,
  signingKeyOf,
  unboundIdentity,
  until,
} from './raw-peer.ts';
import { TestShard } from './world.ts';

const WALL = 1_800_000_000_000;

const open: { stop?(): unknown; close?(): unknown }[] = [];
const keep = <T extends { stop?(): unknown; close?(): unknown }>(thing: T): T => {
  open.push(thing);
  return thing;
};
const shard = async (...options: Parameters<typeof TestShard.start>) =>
  keep(await TestShard.start(...options));
const server = async (...options: Parameters<typeof RawServer.start>) =>
  keep(await RawServer.start(...options));
const sessions = async (...options: Parameters<typeof RawServer.sessions>) =>
  keep(await RawServer.sessions(...options));

afterEach(async () => {
  for (const thing of open.splice(0)) {
    await thing.stop?.();
    thing.close?.();
    if (thing instanceof TestShard) expect(thing.bugs).toEqual([]);
  }
});

const FORMS = [
  ['1/5', DIALECT_1],
  ['1/8', DIALECT_1_8],
  ['2/8', DIALECT_2],
] as const;

describe('who dials us', () => {
  test.each(FORMS)('a plain peer of form %s: a session, not bound', async (name, dialect) => {
    const us = await shard();
    const identity = unboundIdentity();
    const peer = await RawPeer.session(await us.listen(), { identity, dialect });
    expect((await peer.ask(999, 7)).reqId).toBe(7);
    expect(await us.sessions()).toMatchObject([
      {
        dialect: name,
        bound: 'none',
        native: false,
        direction: 'in',
        nodeKey: toHex(identity.key.publicKey),
        capabilities: ['content_seed'],
      },
    ]);
    expect(await us.adopted[0]).toMatchObject({ established: true, sessions: 1 });
    peer.destroy();
    await until(() => us.metrics.get('sessions') === 0, 'the session to end');
  });

  test('a certificate of the node key binds a plain peer too; without one it is not', async () => {
    const us = await shard();
    const address = await us.listen();
    await RawPeer.session(address, { identity: boundIdentity() });
    const bare = unboundIdentity();
    // A node of the reference shows no certificate at all.
    await RawPeer.session(address, { identity: { ...bare, tls: {} as never } });
    await until(() => us.metrics.get('sessions') === 2, 'both sessions');
    expect((await us.sessions()).map(({ bound }) => bound).sort()).toEqual(['none', 'tls']);
  });

  test('who says it is a Granary node must show the certificate of its key', async () => {
    const us = await shard();
    const address = await us.listen();
    const peer = await RawPeer.session(address, { identity: unboundIdentity(), native: true });
    await peer.closed;
    const good = await RawPeer.session(address, { identity: boundIdentity(), native: true });
    await good.ask(999, 1);
    expect(await us.sessions()).toMatchObject([{ native: true, bound: 'tls' }]);
    expect(await Promise.all(us.adopted)).toMatchObject([{ established: false }, { established: true }]);
    expect(us.metrics.get('handshakes_failed')).toBe(1);
  });

  test('requireBound shuts unbound peers out, and only them', async () => {
    const us = await shard({ requireBound: true });
    const address = await us.listen();
    const peer = await RawPeer.session(address, { identity: unboundIdentity() });
    await peer.closed;
    const bound = await RawPeer.session(address, { identity: boundIdentity() });
    await bound.ask(999, 1);
    expect(await us.sessions()).toHaveLength(1);
  });

  test('our own key is refused', async () => {
    const tls = selfSigned('ed25519');
    const us = await shard({}, { identity: tls });
    const twin = await shard({}, { identity: tls });
    const address = await us.listen();
    await expect(twin.connect(address)).rejects.toMatchObject({ code: 'E_PEER_REFUSED' });
    expect(await us.sessions()).toEqual([]);
  });

  test.each<[string, (peer: RawPeer) => void]>([
    ['octets that are no hello', (peer) => peer.socket.write(Buffer.from('00000005ffffffffff', 'hex'))],
    ['an empty frame', (peer) => peer.socket.write(Buffer.alloc(4))],
    ['a frame longer than a hello may be', (peer) => peer.socket.write(Buffer.from('00010001', 'hex'))],
    ['a request before the hello', (peer) => peer.send(500, 1)],
    ['an orderly end', (peer) => peer.socket.end()],
    ['a reset', (peer) => peer.reset()],
  ])('%s ends the connection without a word', async (_, send) => {
    const us = await shard();
    const peer = await RawPeer.dial(await us.listen(), selfSigned('p256'));
    send(peer);
    await peer.closed;
    expect(peer.waiting).toBe(0);
    expect(await us.adopted[0]).toMatchObject({ established: false });
  });

  test('octets that are no TLS', async () => {
    const us = await shard();
    const address = await us.listen();
    const bare = await dialTcp(address);
    bare.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    expect(await us.adopted[0]).toMatchObject({ established: false });
    const reset = await dialTcp(address);
    reset.resetAndDestroy();
    await until(() => us.adopted.length === 2, 'the second connection');
    expect(await us.adopted[1]).toMatchObject({ established: false });
    bare.destroy();
  });

  test('TLS 1.2 is refused', async () => {
    const us = await shard();
    const tls = { ...selfSigned('p256'), maxVersion: 'TLSv1.2' } as never;
    await expect(RawPeer.dial(await us.listen(), tls)).rejects.toThrow(/protocol version/);
    expect(await us.adopted[0]).toMatchObject({ established: false });
  });

  test('silent peers are dropped at the deadline, with TLS or without, mid-hello or before', async () => {
    const clock = new ManualClock(WALL);
    const us = await shard({ handshakeMs: 3_000 }, { clock });
    const address = await us.listen();
    const bare = await dialTcp(address);
    const secured = await RawPeer.dial(address, selfSigned('p256'));
    const begun = await RawPeer.dial(address, selfSigned('p256'));
    begun.socket.write(Buffer.from('000001a0a86b', 'hex'));
    await until(() => us.metrics.get('bytes_down') === 6, 'the beginning of a hello');
    const ended = new Promise((resolve) => bare.once('close', resolve));
    await clock.advance(2_999);
    expect([bare.closed, secured.over, begun.over]).toEqual([false, false, false]);
    await clock.advance(1);
    await Promise.all([ended, secured.closed, begun.closed]);
    expect(await Promise.all(us.adopted)).toMatchObject([
      { established: false },
      { established: false },
      { established: false },
    ]);
    expect(us.metrics.get('handshakes_failed')).toBe(3);
    // What is left is the shard's own beat.
    expect(clock.pending).toBe(1);
  });

  test('an honest peer is served while 200 others are silent', async () => {
    const us = await shard();
    const address = await us.listen();
    const silent = await Promise.all(Array.from({ length: 200 }, () => dialTcp(address)));
    await until(() => us.adopted.length === 200, 'the silent ones');
    const peer = await RawPeer.session(address);
    expect((await peer.ask(999, 1)).reqId).toBe(1);
    expect(silent.some((socket) => socket.closed)).toBe(false);
    for (const socket of silent) socket.destroy();
    // Each of them is told to whoever handed it over.
    expect((await Promise.all(us.adopted)).filter(({ established }) => established)).toHaveLength(1);
  });

  test('a hello that was used before is refused', async () => {
    const us = await shard();
    const address = await us.listen();
    const identity = unboundIdentity();
    const { nonce, ephemeral } = freshHandshakeSecrets(false);
    const timestamp = BigInt(Math.floor(Date.now() / 1000));
    const fields = { ...hello, nonce, echoedNonce: null, timestamp, ephemeralKey: ephemeral.publicKey };
    const frame = helloFrame(signHello(identity.key, DIALECT_2, fields), DIALECT_2);
    const first = await RawPeer.dial(address, identity.tls);
    first.socket.write(frame);
    await first.frame();
    const second = await RawPeer.dial(address, identity.tls);
    second.socket.write(frame);
    await second.closed;
    expect(second.waiting).toBe(0);
    first.destroy();
  });

  test('no TLS session is resumed: it would show an older certificate', async () => {
    const us = await shard();
    const address = await us.listen();
    const first = await RawPeer.dial(address, selfSigned('ed25519'));
    let ticket: Buffer | undefined;
    first.socket.on('session', (session) => {
      ticket = session;
    });
    first.send(999, 1);
    await first.closed;
    const second = await RawPeer.dial(address, { ...selfSigned('ed25519'), session: ticket } as never);
    expect(second.socket.isSessionReused()).toBe(false);
    second.destroy();
  });
});

const hello = {
  capabilities: {
    dht: false,
    store: false,
    relay: false,
    contentSeed: true,
    mobileLight: false,
    communityPagedBrowse: false,
    communitySearch: false,
    communityDeltaSync: false,
  },
};

describe('whom we dial', () => {
  test.each(FORMS)('a plain peer of form %s that closes on others', async (name, dialect) => {
    const us = await shard();
    const identity = unboundIdentity();
    // The reference answers its own form only: five keys are refused by eight, and the other way round.
    const peers = await sessionsOf(dialect, { identity });
    const info = await us.connect(peers.address);
    expect(info).toMatchObject({ dialect: name, bound: 'none', native: false, direction: 'out' });
    expect(us.remembered).toMatchObject([
      { address: peers.address, nodeKey: toHex(identity.key.publicKey), native: false, ...dialect },
    ]);
  });

  test('a form that is remembered is dialled first', async () => {
    const us = await shard();
    const peers = await sessionsOf(DIALECT_1, {});
    us.knownPeer = {
      address: peers.address,
      nodeKey: '00'.repeat(32),
      ...DIALECT_1,
      native: false,
      seenAt: 1,
    };
    await us.connect(peers.address);
    expect(peers.connections).toBe(1);
    expect(us.metrics.get('handshakes_failed')).toBeUndefined();
  });

  test('without the store a peer is dialled as an unknown one', async () => {
    const us = await shard();
    us.down = true;
    const peers = await sessions(() => {});
    expect(await us.connect(peers.address)).toMatchObject({ dialect: '2/8' });
  });

  test('requireBound refuses an unbound peer, without which it is taken', async () => {
    const us = await shard({ requireBound: true });
    const peers = await sessions(() => {});
    await expect(us.connect(peers.address)).rejects.toMatchObject({ code: 'E_PEER_UNBOUND' });
    expect(await us.sessions()).toEqual([]);
    const bound = await sessions(() => {}, { identity: boundIdentity() });
    expect(await us.connect(bound.address)).toMatchObject({ bound: 'tls', native: false });
  });

  test('a Granary node with a foreign certificate has to seal the session, or is refused', async () => {
    const us = await shard();
    // An answer to a request that nobody made.
    const peers = await sessions((peer) => peer.send(999, 1), { native: true });
    await expect(us.connect(peers.address)).rejects.toMatchObject({
      code: 'E_PEER_UNBOUND',
      retryable: false,
    });
    await until(() => peers.open === 0, 'the connection to be closed');
  });

  test('a key that was a Granary node and does not say so any more is refused', async () => {
    const us = await shard();
    const identity = unboundIdentity();
    const peers = await sessions(() => {}, { identity });
    const nodeKey = toHex(identity.key.publicKey);
    us.knownPeer = { address: peers.address, nodeKey, ...DIALECT_2, native: true, seenAt: 1 };
    await expect(us.connect(peers.address)).rejects.toMatchObject({
      code: 'E_PEER_UNBOUND',
      message: expect.stringContaining('was a Granary node') as string,
    });
    expect(us.remembered).toEqual([]);
    us.knownPeer = { ...us.knownPeer, nodeKey: '11'.repeat(32) };
    expect(await us.connect(peers.address)).toMatchObject({ nodeKey, native: false });
  });

  test('another key than the pinned one, wherever the pin stands; and our own', async () => {
    const tls = selfSigned('ed25519');
    const us = await shard({}, { identity: tls });
    const peers = await sessions(() => {});
    const pin = '22'.repeat(32);
    const wrong = { code: 'E_PEER_IDENTITY', subject: peers.address, retryable: false };
    await expect(us.connect(peers.address, pin)).rejects.toMatchObject(wrong);
    await expect(us.connect(`${peers.address}@${pin}`)).rejects.toMatchObject(wrong);
    const right = toHex(peers.identity.key.publicKey);
    await expect(us.connect(`${peers.address}@${pin}`, right)).rejects.toMatchObject({
      code: 'E_PEER_IDENTITY',
    });
    expect(await us.connect(peers.address, right)).toMatchObject({ nodeKey: right });
    // A session that is there with another key proves nothing.
    await expect(us.connect(peers.address, pin)).rejects.toMatchObject(wrong);
    const twin = await server(async (peer) => {
      peer.socket.write(serverHello(signingKeyOf(tls), DIALECT_2, await peer.frame()));
    });
    await expect(us.connect(twin.address)).rejects.toMatchObject({ code: 'E_PEER_IDENTITY' });
  });

  test.each<[string, string, (peer: RawPeer) => unknown]>([
    [
      'garbage for a hello',
      'E_PEER_PROTOCOL',
      (peer) => peer.socket.write(Buffer.from('00000002ffff', 'hex')),
    ],
    [
      'a frame that is too long',
      'E_PEER_PROTOCOL',
      (peer) => peer.socket.write(Buffer.from('00100000', 'hex')),
    ],
    ['an orderly end', 'E_PEER_REFUSED', (peer) => peer.socket.end()],
    ['a reset', 'E_PEER_REFUSED', (peer) => peer.reset()],
  ])('%s is %s', async (what, code, script) => {
    const us = await shard();
    const peers = await server(script);
    await expect(us.connect(peers.address)).rejects.toMatchObject({ code, subject: peers.address });
    // What may be another form is tried once in that; our own refusal stands.
    expect(peers.connections).toBe(code === 'E_PEER_REFUSED' ? 2 : 1);
    expect(us.metrics.get('handshakes_failed')).toBe(peers.connections);
    expect(what).toBeTruthy();
  });

  test('a server that speaks no TLS, and one of TLS 1.2', async () => {
    const us = await shard();
    const old = await server(() => {}, { tls: { maxVersion: 'TLSv1.2' } });
    await expect(us.connect(old.address)).rejects.toMatchObject({ code: 'E_PEER_PROTOCOL' });
  });

  test('a silent server: E_PEER_SILENT at dialMs, and the dial is over for good', async () => {
    const clock = new ManualClock(WALL);
    const us = await shard({ dialMs: 2_000 }, { clock });
    const peers = await server(() => {});
    const dialled = us.connect(peers.address);
    dialled.catch(() => {});
    await until(() => peers.connections === 1, 'the dial');
    await clock.advance(1_999);
    expect(peers.open).toBe(1);
    await clock.advance(1);
    await expect(dialled).rejects.toMatchObject({ code: 'E_PEER_SILENT', retryable: true });
    await until(() => peers.open === 0, 'the connection to be closed');
    expect(peers.connections).toBe(1);
    expect(clock.pending).toBe(1);
  });

  test('addresses that are none', async () => {
    const us = await shard();
    for (const address of ['', 'tcp://localhost:7001', 'tcp://127.0.0.1:0', 'udp://127.0.0.1:7000']) {
      await expect(us.connect(address)).rejects.toMatchObject({ code: 'E_ADDRESS_INVALID' });
    }
    await expect(us.connect('tcp://127.0.0.1:7001', 'ff')).rejects.toMatchObject({
      code: 'E_ADDRESS_INVALID',
    });
  });

  test('a stop ends a dial under way', async () => {
    const us = await shard();
    const peers = await server(() => {});
    const dialled = us.connect(peers.address);
    dialled.catch(() => {});
    await until(() => peers.connections === 1, 'the dial');
    await us.stop();
    await expect(dialled).rejects.toMatchObject({ code: 'E_PEER_REFUSED' });
    await until(() => peers.open === 0, 'the connection to be closed');
  });
});

/** A second message that nobody but its receiver judges. */
function serverHello(key: SigningKey, form: Dialect, first: Uint8Array): Uint8Array {
  const { nonce, ephemeral } = freshHandshakeSecrets(false);
  const timestamp = BigInt(Math.floor(Date.now() / 1000));
  const echoedNonce = decodeHello(first.subarray(4)).nonce;
  const fields = { ...hello, nonce, echoedNonce, timestamp, ephemeralKey: ephemeral.publicKey };
  return helloFrame(signHello(key, form, fields), form);
}

/** A server of one form alone, with the manners of the reference's versions. */
async function sessionsOf(form: Dialect, options: RawOptions) {
  const { identity = unboundIdentity() } = options;
  return await server(
    async (peer) => {
      const first = await peer.frame();
      const { protocolVersion, capabilities } = decodeHello(first.subarray(4));
      // A signature over other keys does not verify; another version is answered, then closed on.
      if (capabilities.keys !== form.capabilityKeys) return peer.destroy();
      peer.socket.write(serverHello(identity.key, form, first));
      if (protocolVersion !== form.version) return peer.socket.end();
      await peer.frame();
    },
    { identity },
  );
}

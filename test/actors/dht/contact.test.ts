import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { contactOf, contactOfPeer } from '../../../src/actors/dht/contact.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { nodeIdOf } from '../../../src/protocol/objects/ids.ts';
import type { PeerAddr } from '../../../src/protocol/wire/peer-addr.ts';

const keyOf = (name: string): Uint8Array => new Uint8Array(createHash('sha256').update(name).digest());
const peerOf = (pubkeyHint: Uint8Array | null, port = 7001): PeerAddr => ({
  ip: Uint8Array.of(8, 8, 8, 8),
  port,
  transport: 'tcp',
  pubkeyHint,
  relayVia: null,
});

describe('a contact', () => {
  test('is one object, whether it came as text or from the wire', () => {
    const key = keyOf('one');
    const contact = contactOfPeer(peerOf(key))!;
    expect(contact).toBe(contactOf(toHex(key), 'tcp://8.8.8.8:7001'));
    expect(contact).toBe(contactOfPeer(peerOf(key.slice())));
    expect(contact).toMatchObject({
      ...{ name: `tcp://8.8.8.8:7001@${toHex(key)}`, address: 'tcp://8.8.8.8:7001' },
      ...{ nodeKey: toHex(key), id: nodeIdOf(key), reach: 'public', neighbourhood: '8.8.8' },
    });
  });

  test('does not lie in the message that named it', () => {
    const key = keyOf('overwritten');
    const message = Uint8Array.of(8, 8, 4, 4, ...key);
    const contact = contactOfPeer({
      ...peerOf(message.subarray(4), 7002),
      ip: message.subarray(0, 4),
    })!;
    message.fill(0);
    expect(contact.peer).toMatchObject({ ip: Uint8Array.of(8, 8, 4, 4), pubkeyHint: key });
  });

  test('keys that begin alike are told apart, however many there are', () => {
    const alike = Array.from({ length: 40 }, (_, n) => {
      const key = keyOf(`alike ${n}`);
      key.set([1, 2, 3, 4]);
      return key;
    });
    for (const round of [1, 2])
      for (const key of alike) expect(contactOfPeer(peerOf(key))!.nodeKey, `round ${round}`).toBe(toHex(key));
  });

  test('one key in several places is several contacts', () => {
    const key = keyOf('moved');
    const tcp = peerOf(key, 7001);
    const all = [tcp, { ...tcp, port: 7002 }, { ...tcp, transport: 'quic' as const }].map(contactOfPeer);
    expect(new Set(all).size).toBe(3);
    expect(all[2]!.address).toBe('quic://8.8.8.8:7001');
  });

  test('there is none without a key or a port, or behind a relay', () => {
    const key = keyOf('none');
    expect(contactOfPeer(peerOf(null))).toBeNull();
    expect(contactOfPeer(peerOf(key, 0))).toBeNull();
    expect(contactOfPeer({ ...peerOf(key), relayVia: { relayAddr: peerOf(null), slotId: 1n } })).toBeNull();
    expect(contactOf('ab', 'tcp://8.8.8.8:7001')).toBeNull();
    expect(contactOf(toHex(key), 'tcp://example.org:7001')).toBeNull();
  });

  test('the oldest goes when there are too many, and comes back as itself', () => {
    const first = contactOfPeer(peerOf(keyOf('first')))!;
    for (let n = 0; n < 65_536; n++) contactOfPeer(peerOf(keyOf(`crowd ${n}`)));
    const again = contactOfPeer(peerOf(keyOf('first')))!;
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });
});

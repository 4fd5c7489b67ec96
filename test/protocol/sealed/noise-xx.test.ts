import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { concatBytes, toHex } from '../../../src/protocol/crypto/bytes.ts';
import { x25519FromSecret } from '../../../src/protocol/crypto/x25519.ts';
import { NoiseXX } from '../../../src/protocol/sealed/noise-xx.ts';

interface Vector {
  readonly source: string;
  readonly init_prologue: string;
  readonly init_static: string;
  readonly init_ephemeral: string;
  readonly resp_static: string;
  readonly resp_ephemeral: string;
  readonly handshake_hash?: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const { vectors } = JSON.parse(readFileSync(new URL('./noise-xx-vectors.json', import.meta.url), 'utf8')) as {
  vectors: readonly Vector[];
};
const octets = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const NONE = new Uint8Array(0);

const sides = (vector: Vector) => {
  const keys = (own: string, ephemeral: string) => ({
    static: x25519FromSecret(octets(own)),
    ephemeral: x25519FromSecret(octets(ephemeral)),
  });
  const prologue = octets(vector.init_prologue);
  return [
    new NoiseXX('initiator', keys(vector.init_static, vector.init_ephemeral), prologue),
    new NoiseXX('responder', keys(vector.resp_static, vector.resp_ephemeral), prologue),
  ] as const;
};

describe.each(vectors)('the published vector of $source', (vector) => {
  test('octet for octet, handshake and transport', () => {
    const both = sides(vector);
    const [three, rest] = [vector.messages.slice(0, 3), vector.messages.slice(3)];
    for (const [turn, { payload, ciphertext }] of three.entries()) {
      const [writer, reader] = turn % 2 === 0 ? both : [both[1], both[0]];
      const message = writer.write(octets(payload))!;
      expect(toHex(message)).toBe(ciphertext);
      expect(toHex(reader.read(message)!)).toBe(payload);
    }
    const [initiator, responder] = both.map((side) => side.session());
    expect(toHex(initiator!.hash)).toBe(toHex(responder!.hash));
    if (vector.handshake_hash) expect(toHex(initiator!.hash)).toBe(vector.handshake_hash);
    expect(toHex(initiator!.peerStatic)).toBe(toHex(x25519FromSecret(octets(vector.resp_static)).publicKey));
    expect(rest.length).toBeGreaterThan(0);
    for (const [turn, { payload, ciphertext }] of rest.entries()) {
      const [from, to] = turn % 2 === 0 ? [responder!, initiator!] : [initiator!, responder!];
      const sealed = concatBytes(...from.send.seal(octets(payload), NONE));
      expect(toHex(sealed)).toBe(ciphertext);
      expect(toHex(to.receive.open(sealed, NONE)!)).toBe(payload);
    }
  });

  test('a changed octet anywhere ends it', () => {
    for (const turn of [0, 1, 2]) {
      const length = octets(vector.messages[turn]!.ciphertext).length;
      for (let at = 0; at < length; at++) {
        const [initiator, responder] = sides(vector);
        let ended = false;
        for (let step = 0; step < 3 && !ended; step++) {
          const [writer, reader] = step % 2 === 0 ? [initiator, responder] : [responder, initiator];
          const message = writer.write(octets(vector.messages[step]!.payload));
          if (message === null) {
            ended = true;
            break;
          }
          if (step === turn) message[at]! ^= 1;
          ended = reader.read(message) === null;
        }
        // What is said before there is a key is covered by the hash, and shows with the next message.
        expect(ended).toBe(true);
      }
    }
  });

  test('a message cut short is none; another prologue, no session', () => {
    const [initiator, responder] = sides(vector);
    responder.read(initiator.write(NONE)!);
    const second = responder.write(octets(vector.messages[1]!.payload))!;
    for (let length = 0; length < second.length; length++) {
      const [again, other] = sides(vector);
      other.read(again.write(NONE)!);
      other.write(octets(vector.messages[1]!.payload));
      expect(again.read(second.subarray(0, length))).toBeNull();
    }
    const [first] = sides(vector);
    const [, stranger] = sides({ ...vector, init_prologue: 'ff' });
    stranger.read(first.write(NONE)!);
    expect(first.read(stranger.write(NONE)!)).toBeNull();
  });
});

test('an ephemeral key that gives an all-zero secret ends it; so does a message out of turn', () => {
  const [initiator, responder] = sides(vectors[0]!);
  expect(() => initiator.read(new Uint8Array(32))).toThrow('out of turn');
  expect(responder.read(new Uint8Array(32))).toEqual(NONE);
  expect(responder.write(NONE)).toBeNull();
  expect(() => responder.session()).toThrow();
});

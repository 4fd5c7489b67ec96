import { OWN_CAPABILITIES } from '../../../src/actors/transport/dial-attempt.ts';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { DIALECT_2 } from '../../../src/protocol/dialect.ts';
import type { HandshakeResult } from '../../../src/protocol/handshake/handshake-step.ts';
import { decodeHello, encodeHello } from '../../../src/protocol/handshake/hello.ts';
import { createInitiator } from '../../../src/protocol/handshake/initiator.ts';
import { freshHandshakeSecrets } from '../../../src/protocol/handshake/own-secrets.ts';
import { createReplayTable } from '../../../src/protocol/handshake/replay-table.ts';
import { createResponder } from '../../../src/protocol/handshake/responder.ts';
import { CipherState } from '../../../src/protocol/sealed/cipher-state.ts';
import { SealedHandshake } from '../../../src/protocol/sealed/sealed-handshake.ts';
import { SealedRecords } from '../../../src/protocol/sealed/sealed-records.ts';
import { recordedFor } from '../recorded.ts';
import { must, orDeclared, type Target } from '../target.ts';

const key = keyPairFromSeed(new Uint8Array(32).fill(9));
const hellos = () => recordedFor((octets) => decodeHello(octets) !== undefined);

export const handshake: readonly Target[] = [
  {
    name: 'hello',
    covers: ['protocol/handshake/hello.ts decodeHello'],
    form: 'cbor',
    seeds: hellos,
    run(input) {
      const hello = orDeclared(DecodeError, () => decodeHello(input));
      if (hello === null) return;
      const written = encodeHello(hello, hello.capabilities.keys);
      const again = decodeHello(written);
      must(
        Buffer.from(encodeHello(again, again.capabilities.keys)).equals(written),
        'a hello reads otherwise',
      );
    },
  },
  {
    name: 'handshake-sides',
    covers: [
      'protocol/handshake/responder.ts createResponder',
      'protocol/handshake/initiator.ts createInitiator',
    ],
    form: 'cbor',
    seeds: hellos,
    run(input) {
      const secrets = freshHandshakeSecrets(false);
      const common = { key, capabilities: OWN_CAPABILITIES };
      const responder = createResponder({ ...common, replays: createReplayTable(), secrets: () => secrets });
      // Never done with a first message, whatever it is; and nothing is thrown.
      must(responder.receive(input, 1_795_000_000).kind !== 'done', 'one message was a whole handshake');
      responder.receive(input, 1_795_000_000);
      const initiator = createInitiator({ ...common, secrets, dialect: DIALECT_2, expectedKey: null });
      initiator.start(1_795_000_000);
      must(
        initiator.receive(input, 1_795_000_000).kind === 'failed',
        'an answer without our nonce was taken',
      );
    },
  },
  {
    name: 'sealing',
    covers: [
      'protocol/sealed/sealed-handshake.ts SealedHandshake',
      'protocol/sealed/sealed-records.ts SealedRecords',
    ],
    form: 'octets',
    heavy: true,
    seeds: () => [firstMessage(), firstMessage(64), new Uint8Array(160), new Uint8Array(128)],
    run(input) {
      const peerKey = keyPairFromSeed(new Uint8Array(32).fill(8)).publicKey;
      const result = { peerKey, transcript: new Uint8Array(32) } as HandshakeResult;
      const dialling = new SealedHandshake(key, { ...result, role: 'initiator' });
      dialling.start();
      must(
        dialling.receive(input).kind === 'failed',
        'somebody without the key of the peer was taken for it',
      );
      const listening = new SealedHandshake(key, { ...result, role: 'responder' });
      listening.receive(input);
      must(listening.receive(input).kind === 'failed', 'a first message was a third one as well');
      const cipher = () => new CipherState(new Uint8Array(32).fill(1));
      const nobody = { peerStatic: peerKey, hash: peerKey };
      const records = new SealedRecords({ send: cipher(), receive: cipher(), ...nobody });
      must(records.open(input) === null, 'octets that nobody sealed were opened');
    },
  },
];

/** As a dialling side says it: an ephemeral key, and nothing else. */
function firstMessage(extra = 0): Uint8Array {
  const octets = new Uint8Array(32 + extra).fill(7);
  octets[0] = 9;
  return octets;
}

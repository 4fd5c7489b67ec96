import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { decodeSealedSecret, encodeSealedSecret } from '../../../src/protocol/crypto/sealed-secret.ts';
import { DIALECT_1, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import {
  checkDhtValue,
  encodeTagged,
  keysOf,
  parseDhtValue,
  verifyDhtContent,
} from '../../../src/protocol/objects/dht-value.ts';
import {
  decodeManifest,
  encodeManifest,
  manifest,
  manifestId,
  manifestSigningInput,
  verifyManifest,
} from '../../../src/protocol/objects/manifest.ts';
import { checkManifestContents } from '../../../src/protocol/objects/manifest-contents.ts';
import { membershipToken } from '../../../src/protocol/objects/membership-token.ts';
import {
  readRelayAnnouncement,
  verifyRelayAnnouncement,
} from '../../../src/protocol/objects/relay-announcement.ts';
import { shareHead } from '../../../src/protocol/objects/share-head.ts';
import { manifest as arbitraryManifest } from '../../protocol/objects/arbitrary.ts';
import { recordedFor } from '../recorded.ts';
import { must, orDeclared, type Target } from '../target.ts';
import { checkCodec, codecTarget, sampled } from './cbor.ts';

const NOW = 1_795_000_000n;

export const objects: readonly Target[] = [
  {
    name: 'manifest',
    covers: [
      'protocol/objects/manifest.ts decodeManifest',
      'protocol/objects/manifest-contents.ts checkManifestContents',
    ],
    form: 'cbor',
    longest: 64 * 1024,
    seeds: () => [
      ...sampled(arbitraryManifest, encodeManifest, 20),
      ...recordedFor((octets) => decodeManifest(octets) !== undefined),
    ],
    run(input) {
      const value = checkCodec(manifest, input);
      if (value === null) return;
      checkManifestContents(value);
      verifyManifest(value, NOW);
      must(manifestId(value).length === 32 && manifestSigningInput(value).length > 0, 'no id');
    },
  },
  codecTarget('share-head', [], shareHead),
  codecTarget(
    'membership-token',
    ['protocol/objects/membership-token.ts decodeMembershipToken'],
    membershipToken,
  ),
  {
    name: 'relay-announcement',
    covers: ['protocol/objects/relay-announcement.ts readRelayAnnouncement'],
    form: 'cbor',
    seeds: () => recordedFor((octets) => readRelayAnnouncement(new Reader(octets)) !== undefined),
    run(input) {
      const value = orDeclared(DecodeError, () => readRelayAnnouncement(new Reader(input)));
      if (value !== null) verifyRelayAnnouncement(value);
    },
  },
  {
    name: 'dht-value',
    covers: ['protocol/objects/dht-value.ts parseDhtValue', 'protocol/objects/dht-value.ts checkDhtValue'],
    form: 'cbor',
    longest: 64 * 1024,
    seeds: () => [
      ...recordedFor((octets) => parseDhtValue(octets) !== null),
      // Tagged values have an octet in front, which the changers of trees do not see through.
      ...recordedFor(
        (octets) => octets[0]! >= 0x31 && octets[0]! <= 0x37 && parseDhtValue(octets) !== null,
        100,
      ),
    ],
    run(input) {
      const content = parseDhtValue(input);
      for (const dialect of [DIALECT_1, DIALECT_2]) checkDhtValue(new Uint8Array(32), input, dialect, NOW);
      if (content === null) return;
      for (const key of keysOf(content)) must(key.length === 32, 'a key of another length');
      verifyDhtContent(content, NOW);
      if (input[0]! < 0x31 || input[0]! > 0x37) return;
      const written = encodeTagged(content.kind as 'key-rotation', content.value as never);
      must(parseDhtValue(written)?.kind === content.kind, 'what was written is another kind');
    },
  },
  {
    name: 'sealed-secret',
    covers: ['protocol/crypto/sealed-secret.ts decodeSealedSecret'],
    form: 'cbor',
    seeds: () => [
      encodeSealedSecret({
        salt: new Uint8Array(16),
        nonce: new Uint8Array(24),
        ciphertext: new Uint8Array(48),
      }),
      ...recordedFor((octets) => decodeSealedSecret(octets) !== undefined),
    ],
    run(input) {
      const value = orDeclared(DecodeError, () => decodeSealedSecret(input));
      if (value === null) return;
      const written = encodeSealedSecret(value);
      must(
        Buffer.from(encodeSealedSecret(decodeSealedSecret(written))).equals(written),
        'it reads otherwise',
      );
    },
  },
];

import { hkdfSync } from 'node:crypto';
import { SEED_LENGTH } from '../../protocol/crypto/ed25519.ts';
import { Secret } from './secret.ts';

/**
 * The key of one volume of a collection: HKDF-SHA256 of the publisher's seed, with `volume` and the volume's number as
 * four octets. Whoever has the key of a collection has those of its volumes; none of them tells another.
 */
export function volumeSeed(seed: Secret, volume: number): Secret {
  const info = Buffer.alloc(10);
  info.write('volume', 'latin1');
  info.writeUInt32BE(volume, 6);
  return new Secret(new Uint8Array(hkdfSync('sha256', seed.reveal(), new Uint8Array(), info, SEED_LENGTH)));
}

/** Between the cursors of two volumes of one share: more than a manifest has items. */
export const CURSOR_STEP = 10_000;

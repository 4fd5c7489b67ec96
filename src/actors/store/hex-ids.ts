import { failure } from '../../errors.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';

const ID_LENGTH = 32;
const ID = /^[0-9a-f]{64}$/i;

export const isHexId = (text: string): boolean => ID.test(text);

/** The 32 octets of an id or key. `E_USAGE` for anything else. */
export function idOctets(text: string, what: string): Uint8Array {
  const octets = fromHex(text, ID_LENGTH);
  if (octets === null) throw failure('E_USAGE', `a ${what} has 64 hex digits`, { subject: text });
  return octets;
}

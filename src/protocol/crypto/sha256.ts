import { hash } from 'node:crypto';
import { concatBytes } from './bytes.ts';

/** SHA-256 of the parts one after another, 32 octets. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const input = parts.length === 1 ? parts[0]! : concatBytes(...parts);
  return new Uint8Array(hash('sha256', input, 'buffer'));
}

import { blake3 } from '../../protocol/crypto/blake3.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import type { TransferOptions } from '../ledger-types.ts';

/** Octets of an id: people type the beginning of it. */
const LENGTH = 6;

/**
 * The id of a transfer, and so of its unfinished files: a function of what was asked for, and of whose data folder it is
 * for, so that two nodes that download the same to one folder do not meet. `again` counts ids that others have already.
 */
export function transferId(
  asked: { home: string; target: string; directory: string; options: TransferOptions },
  again: number,
): string {
  const { home, target, directory, options } = asked;
  const words = JSON.stringify([home, target, directory, options, again]);
  return toHex(blake3(Buffer.from(words)).subarray(0, LENGTH));
}

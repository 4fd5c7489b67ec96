import { fromHex } from '../../../src/protocol/crypto/bytes.ts';
import { DIALECT_2, type Dialect } from '../../../src/protocol/dialect.ts';
import { shareHeadKey } from '../../../src/protocol/objects/dht-keys.ts';
import { FIND_VALUE } from '../../../src/protocol/wire/message-types.ts';
import {
  decodeReply,
  encodeRequest,
  type ReplyOf,
  type RequestOf,
  type RequestType,
} from '../../../src/protocol/wire/registry.ts';
import type { Life } from './world.ts';

const NODE_KEY = 'aa'.repeat(32);

/** Asks as the transport does for a peer; the decoded reply, or the text of the refusal. */
export async function askWire<T extends RequestType>(
  life: Life,
  type: T,
  request: RequestOf<T>,
  dialect: Dialect = DIALECT_2,
): Promise<ReplyOf<T> | string> {
  const payload = encodeRequest(type, request);
  const reply = await life.ask('wire', { type, payload, peer: { nodeKey: NODE_KEY, dialect } });
  return 'error' in reply ? reply.error : decodeReply(type, reply.payload);
}

/** The octets of the value under a key; null when there is none. */
export async function findValue(life: Life, key: Uint8Array, dialect?: Dialect): Promise<Uint8Array | null> {
  const reply = await askWire(life, FIND_VALUE, { key }, dialect);
  if (typeof reply === 'string') throw new Error(reply);
  return reply.value?.value ?? null;
}

export const findHead = (life: Life, shareId: string, dialect?: Dialect): Promise<Uint8Array | null> =>
  findValue(life, shareHeadKey(fromHex(shareId, 32)!), dialect);

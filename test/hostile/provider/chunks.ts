import { randomBytes } from 'node:crypto';
import * as b from '../bytes.ts';
import type { Item } from '../read-cbor.ts';
import { type ProviderRow, provider, slow } from './rows.ts';
import { chunkData, hashList, type Misdeed, refusal, reply } from './server.ts';
import { fileOf } from './share.ts';

const chunk = (name: string, answer: NonNullable<Misdeed['answer']>, ...must: string[]) =>
  provider(`GET_CHUNK: ${name}`, 'get', { on: 500, answer }, ...must);
const hashes = (name: string, answer: NonNullable<Misdeed['answer']>, ...must: string[]) =>
  provider(`GET_CHUNK_HASHES: ${name}`, 'get', { on: 502, answer }, ...must);
const index = (fields: Map<Item, Item>) => fields.get(1) as number;
const other = fileOf(randomBytes(700_000));
const CORRUPT = 'E_CHUNK_CORRUPT';
const PROTOCOL = 'E_PEER_PROTOCOL';
const SILENT = ['E_PEER_SILENT', 'E_TIMEOUT', 'E_NO_PROVIDER'];
const GONE = ['E_PEER_UNREACHABLE', 'E_PEER_REFUSED', 'E_NO_PROVIDER'];

/** Providers of wrong chunks and wrong lists of hashes. */
export const chunks: readonly ProviderRow[] = [
  provider('an honest provider, by hand', 'get', { on: null }),
  chunk(
    'wrong bytes',
    ({ request, fields, share }) =>
      reply(request, chunkData(share.file.contentId, index(fields), randomBytes(262_144))),
    CORRUPT,
  ),
  chunk(
    'one bit wrong',
    ({ request, fields, share }) => {
      const octets = Buffer.from(share.file.chunks[index(fields)]!);
      octets[octets.length - 1]! ^= 1;
      return reply(request, chunkData(share.file.contentId, index(fields), octets));
    },
    CORRUPT,
  ),
  chunk('wrong once', ({ request, fields, share, honest, time }) =>
    time === 1
      ? reply(request, chunkData(share.file.contentId, index(fields), randomBytes(262_144)))
      : honest,
  ),
  chunk(
    'one octet short',
    ({ request, fields, share }) =>
      reply(
        request,
        chunkData(share.file.contentId, index(fields), share.file.chunks[index(fields)]!.subarray(1)),
      ),
    CORRUPT,
    PROTOCOL,
  ),
  chunk(
    'one octet long',
    ({ request, fields, share }) =>
      reply(
        request,
        chunkData(share.file.contentId, index(fields), b.join(share.file.chunks[index(fields)]!, b.raw(0))),
      ),
    CORRUPT,
    PROTOCOL,
  ),
  chunk(
    'no octet',
    ({ request, fields, share }) =>
      reply(request, chunkData(share.file.contentId, index(fields), Buffer.alloc(0))),
    CORRUPT,
    PROTOCOL,
  ),
  chunk(
    '1 MiB',
    ({ request, fields, share }) =>
      reply(request, chunkData(share.file.contentId, index(fields), Buffer.alloc(2 ** 20 - 100))),
    CORRUPT,
    PROTOCOL,
  ),
  chunk(
    'of another file, under its name',
    ({ request, fields }) =>
      reply(request, chunkData(other.contentId, index(fields), other.chunks[index(fields)]!)),
    PROTOCOL,
  ),
  chunk(
    'of another file, under ours',
    ({ request, fields, share }) =>
      reply(request, chunkData(share.file.contentId, index(fields), other.chunks[index(fields)]!)),
    CORRUPT,
  ),
  chunk(
    'another index',
    ({ request, fields, share }) =>
      reply(
        request,
        chunkData(share.file.contentId, (index(fields) + 1) % 3, share.file.chunks[(index(fields) + 1) % 3]!),
      ),
    PROTOCOL,
  ),
  chunk(
    'the chunk of another index under ours',
    ({ request, fields, share }) =>
      reply(
        request,
        chunkData(share.file.contentId, index(fields), share.file.chunks[(index(fields) + 1) % 3]!),
      ),
    CORRUPT,
  ),
  chunk(
    'index 2^32',
    ({ request, share }) => reply(request, chunkData(share.file.contentId, 2 ** 32, share.file.chunks[0]!)),
    PROTOCOL,
  ),
  chunk(
    'the bytes as integers',
    ({ request, fields, share }) =>
      reply(
        request,
        b.map(
          [b.uint(0), b.bytes(share.file.contentId)],
          [b.uint(1), b.uint(index(fields))],
          [b.uint(2), b.ints(share.file.chunks[index(fields)]!)],
        ),
      ),
    PROTOCOL,
  ),
  chunk(
    'a length that is not there',
    ({ request, fields, share }) =>
      reply(
        request,
        b.join(
          b.raw(0xa3, 0),
          b.bytes(share.file.contentId),
          b.raw(1),
          b.uint(index(fields)),
          b.raw(2),
          b.longHead(2, 262_144, 4),
          randomBytes(100),
        ),
      ),
    PROTOCOL,
  ),
  chunk(
    'another request’s number',
    ({ request, fields, share }) =>
      reply(request, chunkData(share.file.contentId, index(fields), share.file.chunks[index(fields)]!), {
        reqId: request.reqId + 1_000,
      }),
    PROTOCOL,
  ),
  chunk(
    'another type',
    ({ request, honest }) => reply(request, honest.subarray(50), { type: 503 }),
    PROTOCOL,
  ),
  chunk(
    'errors',
    ({ request }) => refusal(request, 'chunk not found'),
    'E_PEER_ERROR',
    'E_NO_PROVIDER',
    'E_NOT_FOUND',
  ),
  chunk(
    'a storm of errors',
    ({ request }) => b.join(refusal(request, 'no'), ...Array(1_000).fill(refusal(request, 'no'))),
    PROTOCOL,
    'E_PEER_ERROR',
  ),
  chunk(
    'the flags of an error on a chunk',
    ({ request, fields, share }) =>
      reply(request, chunkData(share.file.contentId, index(fields), share.file.chunks[index(fields)]!), {
        flags: 3,
      }),
    'E_PEER_ERROR',
    'E_NO_PROVIDER',
  ),
  slow(chunk('nothing', () => null, ...SILENT)),
  slow(chunk('the first octets, and nothing', ({ honest }) => honest.subarray(0, 1_000), ...SILENT)),
  chunk(
    'an end in the middle',
    ({ honest, connection }) => {
      connection.send(honest.subarray(0, 100_000));
      connection.socket.end();
      return null;
    },
    ...GONE,
  ),
  chunk('an end', () => 'close', ...GONE),
  chunk('surplus octets behind the payload', ({ request, fields, share }) =>
    reply(
      request,
      b.join(chunkData(share.file.contentId, index(fields), share.file.chunks[index(fields)]!), b.raw(9)),
    ),
  ),
  hashes(
    'wrong hashes',
    ({ request, share }) =>
      reply(
        request,
        hashList(
          share.file.contentId,
          share.file.hashes.map(() => randomBytes(32)),
        ),
      ),
    'E_FILE_CORRUPT',
    PROTOCOL,
    CORRUPT,
    'E_NO_PROVIDER',
    'E_MANIFEST_INVALID',
  ),
  hashes(
    'one hash short',
    ({ request, share }) => reply(request, hashList(share.file.contentId, share.file.hashes.slice(1))),
    'E_FILE_CORRUPT',
    PROTOCOL,
    CORRUPT,
    'E_NO_PROVIDER',
  ),
  hashes(
    '20000 hashes',
    ({ request, share }) =>
      reply(request, hashList(share.file.contentId, Array(15_000).fill(share.file.hashes[0]))),
    'E_FILE_CORRUPT',
    PROTOCOL,
    CORRUPT,
    'E_NO_PROVIDER',
  ),
  hashes(
    'of another file',
    ({ request }) => reply(request, hashList(other.contentId, other.hashes)),
    PROTOCOL,
    'E_FILE_CORRUPT',
  ),
  hashes(
    'none',
    ({ request, share }) => reply(request, hashList(share.file.contentId, [])),
    'E_FILE_CORRUPT',
    PROTOCOL,
    CORRUPT,
    'E_NO_PROVIDER',
  ),
  hashes(
    'hashes of 31 octets',
    ({ request, share }) =>
      reply(
        request,
        hashList(
          share.file.contentId,
          share.file.hashes.map((hash) => hash.subarray(1)),
        ),
      ),
    PROTOCOL,
  ),
  hashes(
    'hashes as one string',
    ({ request, share }) =>
      reply(
        request,
        b.map(
          [b.uint(0), b.bytes(share.file.contentId)],
          [b.uint(1), b.bytes(Buffer.concat(share.file.hashes))],
        ),
      ),
    PROTOCOL,
  ),
  hashes(
    'an array of 2^32 hashes',
    ({ request, share }) =>
      reply(
        request,
        b.map([b.uint(0), b.bytes(share.file.contentId)], [b.uint(1), b.longHead(4, 2 ** 32, 8)]),
      ),
    PROTOCOL,
  ),
  hashes(
    'errors',
    ({ request }) => refusal(request, 'chunk hashes not found'),
    'E_PEER_ERROR',
    'E_NO_PROVIDER',
    'E_NOT_FOUND',
  ),
  slow(hashes('nothing', () => null, ...SILENT)),
];

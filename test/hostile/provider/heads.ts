import { randomBytes } from 'node:crypto';
import * as b from '../bytes.ts';
import { keyPair } from '../hello.ts';
import { type ProviderRow, provider, slow } from './rows.ts';
import { found, type Misdeed, refusal, reply } from './server.ts';
import type { HostileShare } from './share.ts';

const head = (name: string, make: NonNullable<Misdeed['head']>, ...must: string[]) =>
  provider(`head: ${name}`, 'subscribe', { on: null, head: make }, ...must);
const answers = (name: string, answer: NonNullable<Misdeed['answer']>, ...must: string[]) =>
  provider(`FIND_VALUE: ${name}`, 'subscribe', { on: 201, answer }, ...must);
const INVALID = 'E_HEAD_INVALID';
const address = (host: Uint8Array) =>
  b.textMap(['ip', b.textMap(['V4', b.ints(host)])], ['port', b.uint(22)], ['transport', b.text('tcp')]);
const signed = (share: HostileShare, id: Buffer) => share.head(id);
const altered = (octets: Buffer, at: number) => {
  const copy = Buffer.from(octets);
  copy[at]! ^= 1;
  return copy;
};

/** Forged heads, and other lies about where a share stands. */
export const heads: readonly ProviderRow[] = [
  head('signed by another key', (share, id) => share.head(id, { key: keyPair() }), INVALID),
  head('of another share', (share, id) => share.head(id, { id: randomBytes(32) }), INVALID),
  head(
    'one bit of the signature',
    (share, id) => altered(signed(share, id), signed(share, id).length - 1),
    INVALID,
    'E_PEER_PROTOCOL',
  ),
  head('number 2^53', (share, id) => share.head(id, { seq: 2n ** 53n }), INVALID),
  head('number 2^64 - 1', (share, id) => share.head(id, { seq: b.U64_MAX }), INVALID),
  head('number 0', (share, id) => share.head(id, { seq: 0 }), 'E_MANIFEST_INVALID', INVALID),
  head(
    'another number than its manifest’s',
    (share, id) => share.head(id, { seq: 99 }),
    'E_MANIFEST_INVALID',
  ),
  head('of a manifest that nobody has', (share) => share.head(randomBytes(32)), 'E_MANIFEST_INVALID'),
  head('a text', () => b.text('head'), INVALID),
  head('no octet', () => Buffer.alloc(0), INVALID, 'E_PEER_PROTOCOL'),
  head('noise', () => randomBytes(200), INVALID),
  head('60000 arrays inside each other', () => Buffer.alloc(60_000, 0x81), INVALID),
  head('a map of 2^64 - 1 entries', () => b.longHead(5, b.U64_MAX, 8), INVALID),
  head(
    '900 KB of it',
    (share, id) => b.join(signed(share, id), Buffer.alloc(900_000)),
    INVALID,
    'E_PEER_PROTOCOL',
  ),
  head(
    'a revocation of the share by itself, not signed',
    (share) =>
      b.join(
        b.raw(0x37),
        b.textMap(
          ['subject_kind', b.text('sharepublisher')],
          ['pubkey', b.ints(share.key.public)],
          ['reason', b.text('compromised')],
          ['issued_at', b.uint(1)],
          ['signature', b.bytes(Buffer.alloc(64))],
        ),
      ),
    INVALID,
  ),
  answers(
    'the value of another key',
    ({ request, share }) => reply(request, found(randomBytes(32), share.head(randomBytes(32)))),
    INVALID,
    'E_PEER_PROTOCOL',
  ),
  answers(
    'a thousand closer peers, all of them us',
    ({ request, fields }) =>
      reply(
        request,
        found(fields.get(0) as Buffer, null, b.array(...Array(1_000).fill(address(b.raw(127, 0, 0, 1))))),
      ),
    'E_NOT_FOUND',
    'E_NO_PROVIDER',
    // Providers of earlier rows are remembered, and not there any more.
    'E_PEER_UNREACHABLE',
  ),
  answers(
    'an error without an end',
    ({ request }) => refusal(request, '\u001b[2J'.repeat(200_000)),
    'E_PEER_ERROR',
  ),
  answers(
    'an error that is no UTF-8',
    ({ request }) => b.request(request.type, request.reqId, randomBytes(300), 3),
    'E_PEER_ERROR',
  ),
  answers(
    'another type',
    ({ request, fields }) => reply(request, found(fields.get(0) as Buffer, null), { type: 400 }),
    'E_PEER_PROTOCOL',
  ),
  answers(
    'a reply to what was not asked',
    ({ request, honest }) => b.join(reply(request, Buffer.alloc(0), { reqId: 4_000_000_000 }), honest),
    'E_PEER_PROTOCOL',
  ),
  answers('the reply twice', ({ honest }) => b.join(honest, honest), 'E_PEER_PROTOCOL', 'success'),
  answers('noise in a frame', () => b.frame(randomBytes(500)), 'E_PEER_PROTOCOL'),
  answers('a frame of 2^32 - 1 octets', () => b.frame(Buffer.alloc(0), 0xffff_ffff), 'E_PEER_PROTOCOL'),
  answers('an empty frame', () => b.frame(Buffer.alloc(0)), 'E_PEER_PROTOCOL'),
  answers('an envelope of 60000 arrays', () => b.frame(Buffer.alloc(60_000, 0x81)), 'E_PEER_PROTOCOL'),
  answers(
    'a payload of 2 MiB of arrays',
    ({ request }) => reply(request, Buffer.alloc(2 ** 21 - 100, 0x81)),
    'E_PEER_PROTOCOL',
  ),
  answers(
    'half a frame, and an end',
    ({ honest, connection }) => {
      connection.send(honest.subarray(0, 20));
      connection.socket.end();
      return null;
    },
    'E_PEER_REFUSED',
    'E_PEER_UNREACHABLE',
  ),
  slow(answers('nothing', () => null, 'E_PEER_SILENT', 'E_TIMEOUT')),
  slow(
    answers(
      'half a frame, and nothing',
      ({ honest }) => honest.subarray(0, 20),
      'E_PEER_SILENT',
      'E_TIMEOUT',
      'E_PEER_PROTOCOL',
    ),
  ),
  answers('an end', () => 'close', 'E_PEER_REFUSED', 'E_PEER_UNREACHABLE'),
];

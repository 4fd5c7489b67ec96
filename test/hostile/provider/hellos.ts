import { randomBytes } from 'node:crypto';
import * as b from '../bytes.ts';
import { HelloMaker, keyPair } from '../hello.ts';
import { type ProviderRow, provider, slow } from './rows.ts';
import type { Misdeed } from './server.ts';

const hello = (name: string, make: NonNullable<Misdeed['hello']>, ...must: string[]) =>
  provider(`hello: ${name}`, 'subscribe', { on: null, hello: make }, ...must);
const ENDED = ['E_PEER_PROTOCOL', 'E_PEER_REFUSED', 'E_PEER_UNREACHABLE', 'E_PEER_DIALECT'];

/** Hellos of a responder that is not who the link says, or says what no node says. */
export const hellos: readonly ProviderRow[] = [
  hello(
    'of another key than the link names',
    (maker, nonce) => new HelloMaker(maker.form, keyPair()).frame(nonce),
    'E_PEER_IDENTITY',
  ),
  hello('another echo', (maker) => maker.frame(randomBytes(32)), ...ENDED),
  hello('no echo', (maker) => maker.frame(null), ...ENDED),
  hello(
    'signed by another key',
    (maker, nonce) => {
      const parts = maker.parts(nonce);
      return b.frame(b.textMap(...maker.entries(parts, b.ints(new HelloMaker(maker.form).signature(parts)))));
    },
    ...ENDED,
  ),
  hello(
    'the clock an hour behind',
    (maker, nonce) =>
      maker.frame(nonce, { timestamp_unix_secs: b.uint(Math.floor(Date.now() / 1000) - 3_600) }),
    ...ENDED,
  ),
  hello('version 3', (maker, nonce) => maker.frame(nonce, { protocol_version: b.uint(3) }), ...ENDED),
  hello('a form that nobody has', (maker, nonce) => maker.frame(nonce, { capabilities: b.map() }), ...ENDED),
  hello(
    'an ephemeral key of zeros',
    (maker, nonce) => maker.frame(nonce, { ephemeral_pubkey: b.ints(Buffer.alloc(32)) }),
    ...ENDED,
  ),
  hello('65537 octets', () => b.frame(Buffer.alloc(0), 65_537), ...ENDED),
  hello('60000 arrays inside each other', () => b.frame(Buffer.alloc(60_000, 0x81)), ...ENDED),
  hello('noise', () => b.frame(randomBytes(400)), ...ENDED),
  hello('an empty frame', () => b.frame(Buffer.alloc(0)), ...ENDED),
  hello(
    'a mark of ours, without a certificate of ours',
    (maker, nonce) =>
      maker.frame(nonce, { nonce: b.ints(b.join(Buffer.from('GRANARY'), b.raw(1), randomBytes(24))) }),
    'E_PEER_UNBOUND',
    ...ENDED,
  ),
  slow(hello('nothing', () => null, 'E_PEER_SILENT', 'E_TIMEOUT', 'E_PEER_UNREACHABLE')),
  hello('an end', () => 'close', ...ENDED),
];

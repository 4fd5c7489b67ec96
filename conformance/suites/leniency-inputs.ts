import type { Codec } from '../../src/protocol/cbor/codec.ts';
import { Writer } from '../../src/protocol/cbor/writer.ts';
import { DIALECT_1 } from '../../src/protocol/dialect.ts';
import { providers } from '../../src/protocol/objects/providers.ts';
import { shareHead } from '../../src/protocol/objects/share-head.ts';
import { capabilitiesOf } from '../../src/protocol/wire/capabilities.ts';
import { getManifest } from '../../src/protocol/wire/catalog.ts';
import { communityStatus } from '../../src/protocol/wire/community.ts';
import { chunkHashList } from '../../src/protocol/wire/content.ts';
import { findValue, findValueResult } from '../../src/protocol/wire/dht.ts';
import { envelope } from '../../src/protocol/wire/envelope.ts';
import { peerAddr } from '../../src/protocol/wire/peer-addr.ts';
import { pexRequest } from '../../src/protocol/wire/pex.ts';
import { relayRegister, relayStream } from '../../src/protocol/wire/relay.ts';

/** What one case of leniency is tried on. */
export interface LeniencyInput {
  readonly codec: Codec<unknown>;
  readonly octets: Uint8Array;
}

const ID = new Uint8Array(32).fill(7);

function input<T>(codec: Codec<T>, write: (w: Writer) => void): LeniencyInput {
  const w = new Writer();
  write(w);
  return { codec: codec as Codec<unknown>, octets: w.finish() };
}

const raw = (...octets: number[]) => Uint8Array.from(octets);

const peers = (write: (w: Writer) => void) => input(pexRequest, write);
const idOf = (length: number) =>
  input(getManifest, (w) => w.map(1).text('manifest_id').bytes(new Uint8Array(length)));

const address = (write: {
  ip?: (w: Writer) => unknown;
  transport?: string;
  hint?: boolean;
  relayVia?: boolean;
}) =>
  input(peerAddr, (w) => {
    const { ip, transport = 'tcp', hint = true, relayVia = false } = write;
    w.map(3 + Number(hint) + Number(relayVia)).text('ip');
    if (ip === undefined)
      w.map(1)
        .text('V4')
        .byteArray(raw(192, 0, 2, 1));
    else ip(w);
    w.text('port').uint(7001).text('transport').text(transport);
    if (hint) w.text('pubkey_hint').null();
    if (relayVia) w.text('relay_via').null();
  });

const stream = (kind: string | null) =>
  input(relayStream, (w) => {
    w.map(kind === null ? 3 : 4)
      .text('relay_slot_id')
      .uint(9)
      .text('stream_id')
      .uint(0);
    if (kind !== null) w.text('kind').text(kind);
    w.text('payload').bytes(raw(1, 2, 3));
  });

const frame = (fields: { type: number; flags: boolean; payload: (w: Writer) => unknown }) =>
  input(envelope, (w) => {
    w.map(fields.flags ? 4 : 3)
      .text('type')
      .uint(fields.type)
      .text('req_id')
      .uint(1);
    if (fields.flags) w.text('flags').uint(0);
    w.text('payload');
    fields.payload(w);
  });

const writeShareHead = (w: Writer, signature: (w: Writer) => unknown) => {
  w.map(5).text('share_id').byteArray(ID).text('latest_seq').uint(1);
  w.text('latest_manifest_id').byteArray(ID).text('updated_at').uint(2).text('sig');
  signature(w);
};

/**
 * The inputs for cases that a file of vectors names without giving octets; where a name stands for several cases, in
 * the order of SCP2P wire, section 1: maps with text keys first.
 */
export const LENIENCY_INPUTS: Readonly<Record<string, readonly LeniencyInput[]>> = {
  '32-byte id as byte string': [idOf(32)],
  'id as byte string of 31': [idOf(31)],
  'id as byte string of 33': [idOf(33)],
  plain: [peers((w) => w.map(1).text('max_peers').uint(8))],
  'max_peers 256 overflow': [peers((w) => w.map(1).text('max_peers').uint(256))],
  'extra text key': [
    peers((w) => w.map(2).text('other').array(1).map(0).text('max_peers').uint(8)),
    input(findValue, (w) => w.map(2).text('other').null().uint(0).bytes(ID)),
  ],
  'extra int key': [
    peers((w) => w.map(2).uint(0).uint(1).text('max_peers').uint(8)),
    input(findValue, (w) => w.map(2).uint(9).null().uint(0).bytes(ID)),
  ],
  'duplicate key': [peers((w) => w.map(2).text('max_peers').uint(8).text('max_peers').uint(8))],
  'as array': [peers((w) => w.array(1).uint(8))],
  'indefinite map': [peers((w) => w.raw(raw(0xbf)).text('max_peers').uint(8).raw(raw(0xff)))],
  'trailing bytes': [peers((w) => w.map(1).text('max_peers').uint(8).raw(raw(0xff, 0x00)))],
  'non-minimal int': [
    peers((w) =>
      w
        .map(1)
        .text('max_peers')
        .raw(raw(0x19, 0x00, 0x08)),
    ),
  ],
  'missing field': [peers((w) => w.map(0))],
  'tagged map': [
    peers((w) =>
      w
        .raw(raw(0xd9, 0xd9, 0xf7))
        .map(1)
        .text('max_peers')
        .uint(8),
    ),
  ],
  'float 8.0': [
    peers((w) =>
      w
        .map(1)
        .text('max_peers')
        .raw(raw(0xf9, 0x48, 0x00)),
    ),
  ],
  'key as array of ints': [input(findValue, (w) => w.map(1).uint(0).byteArray(ID))],
  'duplicate int key first wins': [input(findValue, (w) => w.map(2).uint(0).bytes(ID).uint(0).bytes(raw(1)))],
  'text key': [input(findValue, (w) => w.map(1).text('key').bytes(ID))],
  'tagged bytes': [input(findValue, (w) => w.map(1).uint(0).raw(raw(0xc1)).bytes(ID))],
  'value missing': [input(findValueResult, (w) => w.map(1).uint(1).array(0))],
  'closer_peers missing': [input(findValueResult, (w) => w.map(1).uint(0).null())],
  'hashes as byte strings': [
    input(chunkHashList, (w) => w.map(2).uint(0).bytes(ID).uint(1).array(2).bytes(ID).bytes(ID)),
  ],
  'payload as int array': [frame({ type: 200, flags: true, payload: (w) => w.byteArray(raw(1, 200)) })],
  'missing flags': [frame({ type: 200, flags: false, payload: (w) => w.bytes(raw(1)) })],
  'type 70000': [frame({ type: 70_000, flags: true, payload: (w) => w.bytes(raw(1)) })],
  'empty map': [input(relayRegister, (w) => w.map(0))],
  'slot undefined': [
    input(relayRegister, (w) => w.map(2).text('relay_slot_id').raw(raw(0xf7)).text('tunnel').bool(true)),
  ],
  'kind missing': [stream(null)],
  'kind Content capital': [stream('Content')],
  'ip V4 bytes': [
    address({
      ip: (w) =>
        w
          .map(1)
          .text('V4')
          .bytes(raw(192, 0, 2, 1)),
    }),
  ],
  'ip as text': [address({ ip: (w) => w.text('192.0.2.1') })],
  'ip v4 lowercase': [
    address({
      ip: (w) =>
        w
          .map(1)
          .text('v4')
          .byteArray(raw(192, 0, 2, 1)),
    }),
  ],
  'no pubkey_hint field': [address({ hint: false })],
  'relay_via null': [address({ relayVia: true })],
  'transport QUIC upper': [address({ transport: 'QUIC' })],
  'no proof field': [
    input(communityStatus, (w) =>
      w.map(2).text('community_share_id').byteArray(ID).text('joined').bool(true),
    ),
  ],
  'missing one': [
    input(capabilitiesOf(DIALECT_1), (w) => {
      w.map(4).text('dht').bool(true).text('store').bool(true);
      w.text('relay').bool(true).text('content_seed').bool(true);
    }),
  ],
  'sig as bytes': [input(shareHead, (w) => writeShareHead(w, () => w.bytes(new Uint8Array(64))))],
  'share-head bytes as providers': [
    input(providers, (w) => writeShareHead(w, () => w.byteArray(new Uint8Array(64)))),
  ],
};

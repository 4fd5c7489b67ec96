import * as types from '../../../src/protocol/wire/message-types.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import type { Check, CheckSuite } from '../check.ts';
import { cbor, hex, nested } from '../octets.ts';
import { must } from '../verdict.ts';
import { unknownId } from './requests.ts';

/** What the table of section 1 says of an input. */
type Rule = 'read' | 'refused';

/** What a node says of an id that it read and does not have. */
interface Form {
  readonly type: number;
  readonly name: string;
  readonly absent: string;
}

// Of the maps with text keys and of those with numbered ones, the message that costs a node least.
const TEXT: Form = { type: types.GET_MANIFEST, name: 'text keys', absent: 'manifest not found' };
const NUMBERED: Form = {
  type: types.GET_CHUNK_HASHES,
  name: 'numbered keys',
  absent: 'chunk hashes not found',
};

/** An id that nobody has, in one reading or another: read means that it is not found, refused that it is not looked for. */
const reads = ({ type, name, absent }: Form, what: string, rule: Rule, payload: Uint8Array): Check => ({
  name: `${name}: ${what} is ${rule}`,
  section: 'wire 1',
  async run(target) {
    const session = await target.session();
    const text = await session.refusal(type, payload);
    if (rule === 'read') must(text === absent, `"${absent}"`, `"${text}"`);
    else must(text !== absent, 'a decoding error', `"${text}"`);
    await session.stillServes();
  },
});

const id = unknownId();
const textId = encodeRequest(types.GET_MANIFEST, { manifestId: id });
const numberedId = encodeRequest(types.GET_CHUNK_HASHES, { contentId: id });
const textField = (value: Uint8Array) => cbor((w) => w.map(1).text('manifest_id').raw(value));
const numberedField = (value: Uint8Array) => cbor((w) => w.map(1).uint(0).raw(value));
const asInts = (octets: Uint8Array) => cbor((w) => w.byteArray(octets));
const asBytes = (octets: Uint8Array) => cbor((w) => w.bytes(octets));
const long = Buffer.concat([id, Buffer.of(9)]);
const short = id.subarray(1);
/** The same array without a length. */
const openArray = Buffer.concat([hex('9f'), asInts(id).subarray(2), hex('ff')]);

const text = (what: string, rule: Rule, payload: Uint8Array) => reads(TEXT, what, rule, payload);
const numbered = (what: string, rule: Rule, payload: Uint8Array) => reads(NUMBERED, what, rule, payload);
const entry = textId.subarray(1);
const numberedEntry = numberedId.subarray(1);

export const leniency: CheckSuite = {
  name: 'leniency',
  checks: [
    text('an id as a byte string', 'read', textField(asBytes(id))),
    text('a byte string of 33 octets', 'read', textField(asBytes(long))),
    text('a byte string of 31 octets', 'refused', textField(asBytes(short))),
    text('an array of 31 integers', 'refused', textField(asInts(short))),
    text('an array without a length', 'read', textField(openArray)),
    text(
      'a byte string in pieces',
      'read',
      textField(cbor((w) => w.raw(hex('5f')).bytes(id.subarray(0, 9)).bytes(id.subarray(9)).raw(hex('ff')))),
    ),
    text('a tagged field', 'read', textField(cbor((w) => w.raw(hex('d818')).raw(asInts(id))))),
    text(
      'a tag in front of all',
      'read',
      cbor((w) => w.raw(hex('d9d9f7')).raw(textId)),
    ),
    text(
      'a map without a length',
      'read',
      cbor((w) => w.raw(hex('bf')).raw(entry).raw(hex('ff'))),
    ),
    text(
      'an unknown text key',
      'read',
      cbor((w) => w.map(2).text('x').array(0).raw(entry)),
    ),
    text(
      'an unknown number as a key',
      'refused',
      cbor((w) => w.map(2).uint(9).uint(0).raw(entry)),
    ),
    text(
      'a key twice',
      'refused',
      cbor((w) => w.map(2).raw(entry).raw(entry)),
    ),
    text(
      'surplus octets behind',
      'read',
      cbor((w) => w.raw(textId).raw(new Uint8Array(40))),
    ),
    text(
      'a missing field',
      'refused',
      cbor((w) => w.map(0)),
    ),
    text(
      'an array in the place of the map',
      'refused',
      cbor((w) => w.array(1).raw(asInts(id))),
    ),
    text(
      'integers of 256',
      'refused',
      textField(cbor((w) => w.raw(hex('9820')).raw(Buffer.alloc(96, hex('190100'))))),
    ),
    text('a floating number', 'refused', textField(hex('f93c00'))),
    text('null', 'refused', textField(hex('f6'))),
    text('no octet', 'refused', new Uint8Array(0)),
    text('a cut map', 'refused', textId.subarray(0, 20)),
    text(
      '300 arrays inside each other',
      'refused',
      cbor((w) => w.map(2).text('x').raw(nested(300)).raw(entry)),
    ),
    numbered('an id as an array of integers', 'refused', numberedField(asInts(id))),
    numbered('a byte string of 33 octets', 'refused', numberedField(asBytes(long))),
    numbered('a byte string of 31 octets', 'refused', numberedField(asBytes(short))),
    numbered(
      'a byte string in pieces',
      'read',
      numberedField(
        cbor((w) => w.raw(hex('5f')).bytes(id.subarray(0, 9)).bytes(id.subarray(9)).raw(hex('ff'))),
      ),
    ),
    numbered('a tagged byte string', 'refused', numberedField(cbor((w) => w.raw(hex('d818')).bytes(id)))),
    numbered(
      'a map without a length',
      'read',
      cbor((w) => w.raw(hex('bf')).raw(numberedEntry).raw(hex('ff'))),
    ),
    numbered(
      'an unknown number as a key',
      'read',
      cbor((w) => w.map(2).uint(9).null().raw(numberedEntry)),
    ),
    numbered(
      'an unknown text key',
      'read',
      cbor((w) => w.map(2).text('x').null().raw(numberedEntry)),
    ),
    numbered(
      'a key twice',
      'read',
      cbor((w) => w.map(2).raw(numberedEntry).raw(numberedEntry)),
    ),
    numbered(
      'surplus octets behind',
      'read',
      cbor((w) => w.raw(numberedId).raw(new Uint8Array(40))),
    ),
    numbered(
      'a missing field',
      'refused',
      cbor((w) => w.map(0)),
    ),
    numbered(
      'a key in a longer form',
      'read',
      cbor((w) => w.map(1).raw(hex('1800')).bytes(id)),
    ),
    {
      name: 'numbered keys: 2^32 as a chunk index is refused',
      section: 'wire 1',
      async run(target) {
        const session = await target.session();
        const payload = cbor((w) =>
          w
            .map(2)
            .uint(0)
            .bytes(id)
            .uint(1)
            .uint(2 ** 32),
        );
        const said = await session.refusal(types.GET_CHUNK, payload);
        must(said !== 'chunk not found', 'a decoding error', `"${said}"`);
      },
    },
    {
      name: 'text keys: 65,536 as a 16-bit number is refused',
      section: 'wire 1',
      async run(target) {
        const session = await target.session();
        await session.refusal(
          types.LIST_PUBLIC_SHARES,
          cbor((w) => w.map(1).text('max_entries').uint(65_536)),
        );
      },
    },
  ],
};

import { randomBytes } from 'node:crypto';
import * as b from './bytes.ts';
import { sha256 } from './hello.ts';
import { ANSWER, type Must, refuse } from './row.ts';

/** One message of the network: a payload that is right, field by field, and what a node like ours does with it. */
export interface Message {
  readonly type: number;
  readonly name: string;
  /** Numbered keys instead of names (SCP2P wire, section 6). */
  readonly numbered?: boolean;
  /** In the order of the wire; required ones first. Empty: any payload is right. */
  readonly fields: readonly (readonly [string, Uint8Array])[];
  /** How many of the fields may not be missing. */
  readonly required: number;
  /** Only the dialects with eight capability keys have it. */
  readonly late?: boolean;
  readonly must: Must;
}

const id = b.ints(randomBytes(32));
const id32 = b.bytes(randomBytes(32));
const shareKey = randomBytes(32);
const community = b.ints(sha256(shareKey));
const nothing = b.array();
const address = b.textMap(
  ['ip', b.textMap(['V4', b.ints(b.raw(192, 0, 2, 7))])],
  ['port', b.uint(7001)],
  ['transport', b.text('tcp')],
  ['pubkey_hint', id],
);
const unsupported = refuse(/^unsupported message type$/);
const notServed = refuse(/is not served by this node$/);
const page: Message['fields'] = [
  ['community_id', community],
  ['limit', b.uint(10)],
  ['cursor', b.text('zz')],
];

export const MESSAGES: readonly Message[] = [
  {
    type: 100,
    name: 'PEX_OFFER',
    fields: [['peers', b.array(address, address)]],
    required: 1,
    must: ANSWER,
  },
  { type: 101, name: 'PEX_REQUEST', fields: [['max_peers', b.uint(64)]], required: 1, must: ANSWER },
  {
    type: 200,
    name: 'FIND_NODE',
    numbered: true,
    fields: [['target', b.bytes(randomBytes(20))]],
    required: 1,
    must: ANSWER,
  },
  { type: 201, name: 'FIND_VALUE', numbered: true, fields: [['key', id32]], required: 1, must: ANSWER },
  {
    type: 202,
    name: 'STORE',
    numbered: true,
    fields: [
      ['key', id32],
      ['value', b.bytes(randomBytes(80))],
      ['ttl_secs', b.uint(b.U64_MAX)],
    ],
    required: 3,
    must: refuse(/does not match any recognized keyspace$/),
  },
  {
    type: 400,
    name: 'GET_MANIFEST',
    fields: [['manifest_id', id]],
    required: 1,
    must: refuse(/^manifest not found$/),
  },
  {
    type: 401,
    name: 'MANIFEST_DATA',
    fields: [
      ['manifest_id', id],
      ['bytes', b.bytes(b.raw(0))],
    ],
    required: 2,
    must: unsupported,
  },
  {
    type: 402,
    name: 'LIST_PUBLIC_SHARES',
    fields: [['max_entries', b.uint(65_535)]],
    required: 1,
    must: ANSWER,
  },
  { type: 403, name: 'PUBLIC_SHARE_LIST', fields: [['shares', nothing]], required: 1, must: unsupported },
  {
    type: 404,
    name: 'GET_COMMUNITY_STATUS',
    fields: [
      ['community_share_id', community],
      ['community_share_pubkey', b.ints(shareKey)],
    ],
    required: 2,
    must: ANSWER,
  },
  {
    type: 405,
    name: 'COMMUNITY_STATUS',
    fields: [
      ['community_share_id', community],
      ['joined', b.TRUE],
    ],
    required: 2,
    must: unsupported,
  },
  {
    type: 406,
    name: 'LIST_COMMUNITY_PUBLIC_SHARES',
    fields: [
      ['community_share_id', community],
      ['community_share_pubkey', b.ints(shareKey)],
      ['max_entries', b.uint(10)],
      ['requester_membership_proof', b.ints(randomBytes(200))],
    ],
    required: 3,
    must: ANSWER,
  },
  {
    type: 407,
    name: 'COMMUNITY_PUBLIC_SHARE_LIST',
    fields: [
      ['community_share_id', id],
      ['shares', nothing],
    ],
    required: 2,
    must: unsupported,
  },
  { type: 410, name: 'LIST_COMMUNITY_MEMBERS_PAGE', fields: page, required: 2, late: true, must: ANSWER },
  {
    type: 411,
    name: 'COMMUNITY_MEMBERS_PAGE',
    fields: [
      ['community_id', id],
      ['entries', nothing],
    ],
    required: 2,
    late: true,
    must: unsupported,
  },
  { type: 412, name: 'LIST_COMMUNITY_SHARES_PAGE', fields: page, required: 2, late: true, must: ANSWER },
  {
    type: 413,
    name: 'COMMUNITY_SHARES_PAGE',
    fields: [
      ['community_id', id],
      ['entries', nothing],
    ],
    required: 2,
    late: true,
    must: unsupported,
  },
  {
    type: 414,
    name: 'SEARCH_COMMUNITY_SHARES',
    fields: [
      ['community_id', community],
      ['query', b.text('(a+)+$\u0000')],
      ['limit', b.uint(50)],
      ['cursor', b.text('')],
    ],
    required: 3,
    late: true,
    must: ANSWER,
  },
  {
    type: 415,
    name: 'COMMUNITY_SEARCH_RESULTS',
    fields: [
      ['community_id', id],
      ['hits', nothing],
    ],
    required: 2,
    late: true,
    must: unsupported,
  },
  {
    type: 416,
    name: 'LIST_COMMUNITY_EVENTS',
    fields: [
      ['community_id', community],
      ['limit', b.uint(0)],
      ['since_cursor', b.text('-1')],
    ],
    required: 2,
    late: true,
    must: ANSWER,
  },
  {
    type: 417,
    name: 'COMMUNITY_EVENTS',
    fields: [
      ['community_id', id],
      ['events', nothing],
    ],
    required: 2,
    late: true,
    must: unsupported,
  },
  {
    type: 450,
    name: 'RELAY_REGISTER',
    fields: [
      ['relay_slot_id', b.uint(b.U64_MAX)],
      ['tunnel', b.TRUE],
    ],
    required: 0,
    must: notServed,
  },
  {
    type: 451,
    name: 'RELAY_REGISTERED',
    fields: [
      ['relay_slot_id', b.uint(1)],
      ['expires_at', b.uint(b.U64_MAX)],
    ],
    required: 2,
    must: unsupported,
  },
  {
    type: 452,
    name: 'RELAY_CONNECT',
    fields: [['relay_slot_id', b.uint(b.U64_MAX)]],
    required: 1,
    must: notServed,
  },
  {
    type: 453,
    name: 'RELAY_STREAM',
    fields: [
      ['relay_slot_id', b.uint(1)],
      ['stream_id', b.uint(1)],
      ['payload', b.bytes(b.envelope({ type: b.uint(453) }))],
      ['kind', b.text('content')],
    ],
    required: 3,
    must: notServed,
  },
  {
    type: 460,
    name: 'RELAY_LIST_REQUEST',
    fields: [['max_count', b.uint(65_535)]],
    required: 1,
    must: notServed,
  },
  {
    type: 461,
    name: 'RELAY_LIST_RESPONSE',
    fields: [['announcements', nothing]],
    required: 1,
    must: unsupported,
  },
  {
    type: 498,
    name: 'PROVIDERS',
    fields: [
      ['content_id', id],
      ['providers', b.array(address)],
      ['updated_at', b.uint(1)],
    ],
    required: 3,
    must: unsupported,
  },
  { type: 499, name: 'HAVE_CONTENT', fields: [['content_id', id]], required: 1, must: ANSWER },
  {
    type: 500,
    name: 'GET_CHUNK',
    numbered: true,
    fields: [
      ['content_id', id32],
      ['chunk_index', b.uint(2 ** 32 - 1)],
    ],
    required: 2,
    must: refuse(/^chunk not found$/),
  },
  {
    type: 501,
    name: 'CHUNK_DATA',
    numbered: true,
    fields: [
      ['content_id', id32],
      ['chunk_index', b.uint(1)],
      ['bytes', b.bytes(randomBytes(1_000))],
    ],
    required: 3,
    must: unsupported,
  },
  {
    type: 502,
    name: 'GET_CHUNK_HASHES',
    numbered: true,
    fields: [['content_id', id32]],
    required: 1,
    must: refuse(/^chunk hashes not found$/),
  },
  {
    type: 503,
    name: 'CHUNK_HASH_LIST',
    numbered: true,
    fields: [
      ['content_id', id32],
      ['hashes', b.array(id, id)],
    ],
    required: 2,
    must: unsupported,
  },
];

import { z } from 'zod';

/** Paths that one publish may name. */
const MAX_PATHS = 4096;
/** Longer than the longest path of the systems this runs on (4096 bytes on Linux). */
const path = z.string().min(1).max(8192);
const trust = z.enum(['trusted', 'normal', 'untrusted']);
/** An id, the beginning of one, or the operator's name for an own share. */
const share = z.string().min(1).max(256);

const passphrase = z.string().min(1).max(1024);

/** Higher ones come first. */
const priority = z.int().min(-1000).max(1000);
const download = z.strictObject({
  target: z.string().min(1).max(8192),
  directory: path.optional(),
  priority: priority.optional(),
  only: z.array(z.string().min(1).max(4096)).max(1_000).optional(),
  adopt: path.optional(),
  category: z.string().min(1).max(64).optional(),
});
/** A part of a list. */
const page = z.strictObject({
  cursor: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  limit: z.int().min(1).max(1000).default(1000),
});
/** Ids or beginnings of ids; null: all. */
const transfers = { ids: z.array(z.string().min(1).max(64)).max(10_000).nullable() };

/** What each operation takes. */
export const bodies = {
  publish: z.strictObject({
    paths: z.array(path).max(MAX_PATHS),
    title: z.string().max(1024).nullable().default(null),
    public: z.boolean().nullable().default(null),
    tags: z.array(z.string().max(1024)).max(256).nullable().default(null),
    share: share.nullable().default(null),
    watch: z.boolean().nullable().default(null),
  }),
  unshare: z.strictObject({ share, forget_key: z.boolean().default(false) }),
  subscribe: z.strictObject({
    link: z.string().min(1).max(16_384),
    trust: trust.default('normal'),
    weight: z.number().min(0).max(1000).default(1),
  }),
  unsubscribe: z.strictObject({ share }),
  subs: page,
  sync: z.strictObject({ share: share.nullable().default(null) }),
  search: z.strictObject({
    query: z.string().min(1).max(1024),
    shares: z.array(share).max(256).default([]),
    trust: z.array(trust).max(3).default(['trusted', 'normal']),
    limit: z.int().min(1).max(200).default(20),
    offset: z.int().min(0).max(10_000).default(0),
    cursor: z.string().max(16_384).nullable().default(null),
    as_typed: z.boolean().default(false),
  }),
  shares: page,
  items: z.strictObject({
    share,
    cursor: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
    limit: z.int().min(1).max(1000).default(1000),
  }),
  backup: z.strictObject({ path, hash_lists: z.boolean().default(true) }),
  exportKey: z.strictObject({ share, passphrase }),
  importKey: z.strictObject({
    sealed: z.instanceof(Uint8Array),
    name: share,
    passphrase: passphrase.optional(),
    node_secret: z.string().max(128).optional(),
  }),
  get: download,
  /** The same, left to the node. */
  add: download,
  queue: page,
  pause: z.strictObject(transfers),
  resume: z.strictObject({ ...transfers, priority: priority.optional() }),
  /** `cancel` is the end of a call. */
  cancel_transfers: z.strictObject(transfers),
  verify: z.strictObject({
    share: share.nullable().default(null),
    repair: z.boolean().default(false),
    forget: z.boolean().default(false),
  }),
  rechecks: z.strictObject({ share: share.nullable().default(null) }),
  cancel_rechecks: z.strictObject({ share: share.nullable().default(null) }),
  peers: page,
  known_peers: page,
  seeds: z.strictObject({}),
  add_seed: z.strictObject({ address: z.string().min(1).max(400) }),
  remove_seed: z.strictObject({ address: z.string().min(1).max(400) }),
  invite: z.strictObject({ share: share.nullable().default(null) }),
  bans: z.strictObject({}),
  ban: z.strictObject({ target: z.string().min(1).max(400), remove: z.boolean().default(false) }),
  /** `cursor` and `limit` are those of the routing table. */
  dht: page,
  changes: z.strictObject({
    since: z.string().max(64).nullable().default(null),
    limit: z.int().min(1).max(1000).default(1000),
  }),
  connect: z.strictObject({ address: z.string().min(1).max(400) }),
  id: z.strictObject({}),
  stats: z.strictObject({}),
  stop: z.strictObject({}),
  limits: z.strictObject({}),
  /** Names and texts as they are written on the command line; a share may be named by name. */
  set_limits: z.strictObject({
    values: z.record(z.string().max(300), z.string().max(4096)),
    save: z.boolean().default(true),
  }),
  tuning: z.strictObject({}),
  tune: z.strictObject({ values: z.record(z.string().max(64), z.number()), save: z.boolean().default(true) }),
  settings: z.strictObject({}),
  reload: z.strictObject({}),
} as const;

export type Operation = keyof typeof bodies;

/** What a client writes; what has a default may be left out. */
export type BodyOf<O extends Operation> = z.input<(typeof bodies)[O]>;
/** What the node reads, defaults filled in. */
export type ParsedBodyOf<O extends Operation> = z.output<(typeof bodies)[O]>;

export const isOperation = (name: string): name is Operation => Object.hasOwn(bodies, name);

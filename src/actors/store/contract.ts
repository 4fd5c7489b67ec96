import type { KeyObject } from 'node:crypto';
import { ask, configOf, defineContract, stream } from '../../supervisor/contract/contract.ts';
import type { AnnouncedPage, AnnouncedPlace, AnnounceScope } from '../announced-types.ts';
import type {
  GoneSource,
  HashedSource,
  HeldFile,
  Hex,
  Lease,
  ServedLease,
  ShareSource,
} from '../content-types.ts';
import type { Ban, KnownPeer, StoredPeer } from '../known-peer-types.ts';
import type { FileProgress, StoredFile, StoredTransfer } from '../ledger-types.ts';
import type {
  FileVerdict,
  HeldPage,
  RecheckPlace,
  RecheckTotals,
  StoredRecheck,
  WrongFile,
} from '../recheck-types.ts';
import type {
  CommittedRevision,
  ItemRow,
  OwnShare,
  Revision,
  SharePage,
  StoreChanges,
  Subscription,
  Trust,
} from '../share-types.ts';
import type { WireReply, WireRequest } from '../wire-request.ts';
import type { StoreConfig } from './config.ts';

export interface NodeIdentity {
  /** Ed25519 public key of the node. */
  readonly nodeKey: Hex;
  readonly nodeId: Hex;
  /** For the handshake's signatures and for TLS; clones share the key, never its bytes. */
  readonly privateKey: KeyObject;
  /** Self-signed Ed25519 certificate of the node key, PEM. */
  readonly certificate: string;
  /** The private key in PEM, because `node:tls` takes no KeyObject. Never logged, never stored in the clear. */
  readonly tlsKey: string;
}

/** A copy of the node in one file. Field names are those of the command's result. */
export interface BackupResult {
  readonly file: string;
  readonly bytes: number;
  readonly files: number;
  /** How the keys in it are protected: as in the data folder. */
  readonly keys: 'keyfile' | 'passphrase' | 'plain';
  readonly seconds: number;
}

/** Octets that went in one day (`2026-11-26`) or month (`2026-11`) of local time. */
export interface TrafficCount {
  readonly period: string;
  readonly up: number;
  readonly down: number;
}

export const storeContract = defineContract({
  name: 'store',
  config: configOf<StoreConfig>(),
  serial: true,
  mailbox: 8192,
  startMs: 60_000,
  // A transaction on a slow disk, or a checkpoint, is one synchronous call.
  hungMs: 120_000,
  shutdownMs: 10_000,
  metrics: ['commits', 'syncs', 'manifests_served', 'hash_lists_served'],
  messages: {
    identity: ask<null, NodeIdentity>(),

    /** The own share of that name, made with a new key if there is none. */
    openShare: ask<{ name: string }, OwnShare>(),
    /** Those that are published or may be: not the withdrawn ones. */
    ownShares: ask<null, readonly OwnShare[]>(),
    /** A volume of an own share, made with a key derived from the share's if there is none. From 0 up. */
    openVolume: ask<{ shareId: Hex; volume: number }, OwnShare>(),
    /** The volumes of an own share that are not withdrawn, in their order. */
    ownVolumes: ask<{ shareId: Hex }, readonly (OwnShare & { readonly volume: number })[]>(),
    /** Takes a share back: its files are not served from here, its head and list not told. A new publish brings it back. */
    unshare: ask<{ shareId: Hex; forgetKey: boolean }, { name: string; items: number }>(),
    /** Sources of a share's files as last committed: what need not be hashed again. */
    sourcesOf: ask<{ shareId: Hex }, readonly ShareSource[]>(),
    /** Files that were not what they should be behind `after`: sources by share and path, then downloads. At most 1000. */
    goneSources: ask<{ after: RecheckPlace | null }, readonly GoneSource[]>(),
    /** They are what they were again. */
    sourcesBack: ask<readonly { contentId: Hex; path: string; epoch: number }[], null>(),
    /**
     * Keeps what was hashed for a revision to come: hash lists and where the files lie. Durable when answered, so that a
     * publish that is cut off does not hash them again.
     */
    keepHashed: ask<readonly HashedSource[], null>({ deadlineMs: 60_000 }),
    /** What was kept of these paths and is in no revision yet. At most 1000. */
    journaled: ask<{ paths: readonly string[] }, readonly ShareSource[]>(),
    /** Keeps chunk hash lists; each is checked against its chunk list hash when it is used. */
    putHashLists: ask<readonly { contentId: Hex; hashes: Uint8Array }[], null>({ deadlineMs: 60_000 }),
    /** The same for lists that others gave: a loss of power may cost them. */
    keepHashLists: ask<readonly { contentId: Hex; hashes: Uint8Array }[], null>({ deadlineMs: 60_000 }),
    /** Signs and commits in one transaction. `E_SHARE_TOO_LARGE` when the wire cannot carry it. */
    commitRevision: ask<Revision, CommittedRevision>({ deadlineMs: 60_000 }),

    subscribe: ask<
      { shareId: Hex; shareKey: Hex; trust: Trust; weight: number; peers: readonly string[] },
      Subscription
    >(),
    unsubscribe: ask<{ shareId: Hex }, { removed: boolean }>(),
    /** A volume of a subscribed collection whose manifest names the collection: only such a one is ever kept. */
    subscribeVolume: ask<{ root: Hex; shareId: Hex; shareKey: Hex }, Subscription>(),
    /** `volumes`: those of collections as well. */
    subscriptions: ask<{ volumes: boolean } | null, readonly Subscription[]>(),
    subscription: ask<{ shareId: Hex }, Subscription | null>(),
    /** A verified head and manifest become the share's state, in one transaction. */
    commitManifest: ask<
      { shareId: Hex; head: Uint8Array; manifest: Uint8Array; source: string },
      Subscription
    >({ deadlineMs: 60_000 }),
    noteSync: ask<{ shareId: Hex; error: { code: string; message: string } | null }, null>(),

    manifest: ask<{ manifestId: Hex }, Uint8Array | null>(),
    hashList: ask<{ contentId: Hex }, Uint8Array | null>(),
    lease: ask<{ contentId: Hex }, ServedLease | null>(),
    /** Of these contents, at most 1000, the leases of those that lie here. */
    leases: ask<{ contentIds: readonly Hex[] }, readonly Lease[]>(),
    /** From now on these files are served, until they change. */
    holdFiles: ask<readonly HeldFile[], null>({ deadlineMs: 60_000 }),
    /** The source no longer looks as it did: the lease is void for everybody. */
    sourceGone: ask<{ contentId: Hex; path: string; epoch: number }, null>(),
    /** Contents whose leases became void. */
    leaseChanges: stream<null, { contentIds: readonly Hex[] }>({ window: 64 }),

    /**
     * Items of an own or subscribed share, in manifest order, and where they lie. `share`: its id, the beginning of it, or an
     * own one's name. `limit` at most 1000.
     */
    items: ask<{ share: string; cursor: number; limit: number }, SharePage>(),
    /**
     * What changed in the lists of shares and files since a revision, in order, at most 1000 at once; null: nothing yet,
     * only the revision that it is now.
     */
    changes: ask<{ since: string | null; limit: number }, StoreChanges>(),

    /** Items a `get` names: a content id, a share id, or SHARE/PATH (PATH a file or a folder); 1000 at once. */
    resolve: ask<{ target: string; cursor: number }, { items: readonly ItemRow[]; next: number | null }>(),

    /** Downloads, in the order in which they were added. */
    transfers: ask<null, readonly StoredTransfer[]>(),
    /** Adds a download, or changes what is known of it. The files of one that is done are forgotten. */
    putTransfer: ask<StoredTransfer, null>(),
    /** The same, with its files; what was known of files before is forgotten. */
    planTransfer: ask<{ transfer: StoredTransfer; files: readonly StoredFile[] }, null>({
      deadlineMs: 60_000,
    }),
    /** In the order of their positions. A map of chunks that is torn is null. */
    transferFiles: ask<{ id: string }, readonly StoredFile[]>({ deadlineMs: 60_000 }),
    noteProgress: ask<{ id: string; files: number; bytes: number; changed: readonly FileProgress[] }, null>(),
    dropTransfer: ask<{ id: string }, null>(),

    /** What an operator set while the node ran, by name, as the text it was kept as. Null: nothing. */
    settingKept: ask<{ name: string }, string | null>(),
    /** Durable when answered. Null: forgotten. */
    keepSetting: ask<{ name: string; value: string | null }, null>(),
    /** What went in the days and months that were kept last. */
    traffic: ask<null, readonly TrafficCount[]>(),
    /** In the place of what was kept. A crash of this process does not cost it, a loss of power may. */
    keepTraffic: ask<readonly TrafficCount[], null>(),
    /** How much a share's files on this disk are, or all of them. `E_NOT_FOUND` for a share that is not known. */
    heldTotals: ask<{ shareId: Hex | null }, RecheckTotals>({ deadlineMs: 30_000 }),
    /** Some of the files behind `after`, own ones first; perhaps none. `limit` at most 1000. */
    heldEntries: ask<{ shareId: Hex | null; after: RecheckPlace | null; limit: number }, HeldPage>({
      deadlineMs: 30_000,
    }),
    /** What lies at that path as far as is known: a file of an own share, a download of that content, or both. */
    holderOf: ask<{ path: string }, { published: boolean; contentId: Hex | null }>(),
    /** What was seen of files: right ones are served from now on, wrong ones are not. */
    judgeFiles: ask<readonly FileVerdict[], null>({ deadlineMs: 60_000 }),
    /** Downloads that are not there any more and are not to be asked for again. */
    forgetHeld: ask<readonly { contentId: Hex; path: string; epoch: number }[], null>({ deadlineMs: 60_000 }),
    /** The last lease that was given: who has it has seen everything that came to this disk. */
    leaseEpoch: ask<null, number>(),
    /** What this node serves of shares that others may know of. At most 1000 are looked at. */
    announcedContents: ask<{ scope: AnnounceScope; after: AnnouncedPlace | null }, AnnouncedPage>(),
    /** Which of these it serves now; ids are 32 octets each, at most 1000. */
    stillAnnounced: ask<{ scope: AnnounceScope; ids: Uint8Array }, Uint8Array>(),
    rechecks: ask<null, readonly StoredRecheck[]>(),
    /** How far one is, and what was found since. `anew`: what an earlier one found is forgotten. */
    noteRecheck: ask<{ recheck: StoredRecheck; wrong: readonly WrongFile[]; anew: boolean }, null>({
      deadlineMs: 60_000,
    }),
    /** What it found, by path, own files last. At most 1000. */
    wrongFiles: ask<
      { shareId: Hex | null; after: { own: boolean; path: string } | null; limit: number },
      readonly WrongFile[]
    >({ deadlineMs: 30_000 }),
    dropRecheck: ask<{ shareId: Hex | null }, null>(),

    /** Rotations and revocations of keys, as values of the DHT. */
    keyRecords: ask<null, readonly Uint8Array[]>(),
    /** Keeps one, unless a later rotation or an earlier revocation of the key is kept. `E_USAGE` for what is none. */
    keepKeyRecord: ask<{ record: Uint8Array }, null>(),

    knownPeer: ask<{ address: string }, KnownPeer | null>(),
    /** Known at once, written down with others a moment later. */
    rememberPeer: ask<KnownPeer, null>(),
    /** Peers met, the last first. `limit` at most 10,000. */
    knownPeers: ask<{ limit: number }, readonly StoredPeer[]>({ deadlineMs: 30_000 }),
    /** What is thought of peers by now, and those that are forgotten, in one transaction. */
    ratePeers: ask<{ peers: readonly StoredPeer[]; gone: readonly string[] }, null>({ deadlineMs: 30_000 }),

    bans: ask<null, readonly Ban[]>(),
    /** False: it was so already. Durable when answered. */
    ban: ask<{ target: string }, { changed: boolean }>(),
    unban: ask<{ target: string }, { changed: boolean }>(),
    /** All of them, at once and after every change. */
    banned: stream<null, readonly string[]>({ window: 2 }),

    /**
     * Writes a copy of the node: state, keys as they lie there, manifests, configuration, and the hash lists of own
     * files if wanted. `path`: a folder, or a file that is not there yet. One item; beside all other messages.
     */
    backup: stream<{ path: string; hashLists: boolean }, BackupResult>(),
    /** The key of a share, or of the node itself, in the reference's form under a passphrase. */
    exportKey: ask<{ key: 'node' | { shareId: Hex }; passphrase: string }, Uint8Array>({
      deadlineMs: 30_000,
    }),
    /** A share made from a key in the reference's form. `E_KEY_INVALID`, `E_PASSPHRASE`. */
    importKey: ask<
      { sealed: Uint8Array; name: string; opener: { passphrase: string } | { nodeSecret: string } },
      OwnShare
    >({ deadlineMs: 30_000 }),
    /** Every key sealed under a new key, with a passphrase under a new one if it is given. How many they were. */
    reseal: ask<{ passphrase: string | null }, { keys: number }>({ deadlineMs: 60_000 }),

    /** Answers 201, 400 and 502. */
    wire: ask<WireRequest, WireReply>(),
  },
});

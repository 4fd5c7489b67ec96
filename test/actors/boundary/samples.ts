import { createPrivateKey } from 'node:crypto';
import type { ShareSource } from '../../../src/actors/content-types.ts';
import type { DhtNode } from '../../../src/actors/dht/contract.ts';
import type { KnownPeer, StoredPeer } from '../../../src/actors/known-peer-types.ts';
import type { FileProgress, StoredFile, StoredTransfer } from '../../../src/actors/ledger-types.ts';
import type { LimitsView } from '../../../src/actors/limits/contract.ts';
import type { PeerMet } from '../../../src/actors/peer-met.ts';
import type { StoredRecheck, WrongFile } from '../../../src/actors/recheck-types.ts';
import type { ItemRow, OwnShare, Subscription } from '../../../src/actors/share-types.ts';
import type { ShareSync } from '../../../src/actors/sync/contract.ts';
import type {
  RecheckProgress,
  RecheckResult,
  RecheckRow,
  TransferRow,
} from '../../../src/actors/transfer/contract.ts';
import type { SessionInfo } from '../../../src/actors/transport/contract.ts';
import type { WireReply, WireRequest } from '../../../src/actors/wire-request.ts';
import { DIALECT_1, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import type { Samples } from './sample-types.ts';

const HEX = 'a1'.repeat(32);
const bytes = (...values: number[]) => new Uint8Array(values);
/** Above 2^53, as nanoseconds are. */
const NS = 1_753_000_000_123_456_789n;

// RFC 8032, section 7.1, first vector: the same key on both sides of the boundary.
const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');
const privateKey = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'OKP',
    crv: 'Ed25519',
    d: base64url('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'),
    x: base64url('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'),
  },
});

const wireRequest: WireRequest = {
  type: 404,
  payload: bytes(0xa0),
  peer: { nodeKey: HEX, dialect: DIALECT_1 },
};
const wireReply: WireReply = { payload: bytes(1, 2, 3) };

const subscription: Subscription = {
  shareId: HEX,
  shareKey: HEX,
  trust: 'trusted',
  weight: 0.5,
  peers: ['tcp://192.0.2.1:7001'],
  title: 'Ünïcode 東京 🎉',
  description: null,
  seq: 2 ** 40,
  manifestId: HEX,
  items: 0,
  bytes: Number.MAX_SAFE_INTEGER,
  volumes: [HEX],
  root: null,
  lastSync: 1_700_000_000.25,
  lastError: { code: 'E_PEER_SILENT', message: 'nothing came' },
  source: 'tcp://192.0.2.1:7001',
};
const ownShare: OwnShare = {
  shareId: HEX,
  shareKey: HEX,
  name: 'music',
  title: null,
  public: true,
  seq: 0,
  manifestId: null,
  items: 3,
  bytes: 5,
  updatedAt: 1_700_000_000,
  roots: [{ path: '/srv/music', kind: 'folder', inside: '' }],
  tags: ['lossless'],
  volumes: 2,
  watch: true,
  unsure: false,
};
const limitsView: LimitsView = {
  limits: [
    { scope: 'global', direction: 'up', rate: 1e6, why: 'set live' },
    { scope: 'global', direction: 'down', rate: null, why: 'no cap' },
  ],
  quotas: [{ period: 'day', direction: 'up', quota: 10, used: 3, left: 7, until: 1_700_000_000_000 }],
  schedule: [{ entry: 'mon 08:00-09:00 up=1MB/s', now: false }],
};
const item = {
  contentId: HEX,
  size: 2 ** 41,
  name: 'a.flac',
  path: 'x/a.flac',
  mime: null,
  tags: ['lossless', ''],
  chunkCount: 4096,
  chunkListHash: HEX,
};
const itemRow: ItemRow = { ...item, shareId: HEX };
const source = { contentId: HEX, path: '/srv/a.flac', size: 5, mtimeNs: NS, ctimeNs: NS + 1n, inode: -1n };
const shareSource: ShareSource = {
  ...source,
  inside: 'a.flac',
  chunkCount: 1,
  chunkListHash: HEX,
  hashed: true,
};
const recheck: StoredRecheck = {
  ...{ shareId: HEX, state: 'running', repair: true, started: 1, ended: null, seconds: 0.5, looked: false },
  totals: { items: 2, chunks: 3, bytes: 4 },
  done: { items: 1, chunks: 1, bytes: 1 },
  passed: 2 ** 40,
  forget: false,
  after: { place: 3, path: '/a' },
  part: { path: '/b', chunk: 4096, mtimeNs: NS, inode: -1n, bad: bytes(1, 0) },
  ...{ bad: 2, repaired: 1 },
};
const wrong: WrongFile = {
  ...{ path: '/a', contentId: HEX, own: true, adopted: false, state: 'damaged', size: 9, found: 8 },
  ...{ chunkListHash: HEX, bad: bytes(1), repaired: 0, reason: null },
};
const recheckProgress: RecheckProgress = {
  ...{ phase: 'check', files: 1, files_total: 2, bytes: 2 ** 40, bytes_total: 2 ** 41, rate: 1.5, eta: null },
  ...{ bad: 1, repaired: 0 },
};
const recheckResult: RecheckResult = {
  ...{ share_id: HEX, items: 2, chunks: 3, bytes: 2 ** 41, bad_total: 1, repaired: 1, seconds: 0.5 },
  resumed_bytes: 2 ** 40,
  bad: [{ path: '/a', content_id: HEX, chunk: 3, offset: 2 ** 20, state: 'short', repaired: true }],
  files: [
    {
      ...{ path: '/a', content_id: HEX, own: false, adopted: true, state: 'missing', size: 5, found: null },
      ...{ bad_chunks: 1, repaired: false, reason: 'gone' },
    },
  ],
};
const recheckRow: RecheckRow = {
  ...{ share_id: HEX, state: 'done', repair: true, started: 1, ended: 2 },
  ...{ progress: recheckProgress, result: recheckResult },
};
const knownPeer: KnownPeer = {
  address: 'tcp://[2001:db8::1]:7001',
  nodeKey: HEX,
  version: 2,
  capabilityKeys: 8,
  native: false,
  seenAt: 1_700_000_000,
};
const storedPeer: StoredPeer = {
  ...knownPeer,
  capabilities: ['dht', 'content_seed'],
  failures: 1,
  score: -0.25,
  scoreAt: 1_753_000_000,
  source: 'seed',
};
const session: SessionInfo = {
  nodeKey: HEX,
  nodeId: HEX,
  address: 'tcp://192.0.2.1:7001',
  transport: 'tcp',
  bound: 'none',
  native: true,
  direction: 'in',
  dialect: '2/8',
  since: 1_700_000_000,
  bytesUp: 0,
  bytesDown: 2 ** 45,
  rateUp: 1.5,
  rateDown: 0,
  capabilities: ['content_seed'],
};
const peerMet: PeerMet = {
  ...{ nodeKey: HEX, nodeId: 'a1'.repeat(20), address: 'tcp://[2001:db8::1]:50123', dialable: false },
  ...{ direction: 'in', native: true, dialect: '2/8', capabilities: ['dht', 'store'] },
};
const dhtNode: DhtNode = {
  ...{
    nodeKey: HEX,
    nodeId: 'a1'.repeat(20),
    address: 'tcp://192.0.2.1:7001',
    native: false,
    dialect: '1/5',
  },
};
const shareSync: ShareSync = {
  share_id: HEX,
  seq_before: null,
  seq_after: 7,
  items: 1,
  source: 'tcp://192.0.2.1:7001',
  error: { code: 'E_HEAD_INVALID', message: 'forged' },
};

const transfer: StoredTransfer = {
  id: 'f00d',
  target: `${HEX}/x`,
  directory: '/srv/in',
  options: { only: ['*.flac'] },
  state: 'failed',
  priority: -1,
  added: 1_700_000_000,
  error: { code: 'E_NO_PROVIDER', message: 'nobody', retryable: true },
  planned: true,
  shareIds: [HEX],
  folders: ['x'],
  contentId: HEX,
  path: '/srv/in/x',
  files: 0,
  filesTotal: 1,
  bytes: 0,
  bytesTotal: 2 ** 41,
};
const progress: FileProgress = {
  position: 0,
  place: ['x', 'a.flac'],
  state: 'missing',
  have: bytes(0b101),
  look: { length: 2 ** 41, mtimeNs: NS, inode: 7n },
};
const file: StoredFile = {
  ...progress,
  contentId: HEX,
  size: 2 ** 41,
  chunkListHash: HEX,
  path: ['x', 'a.flac'],
};
const transferRow: TransferRow = {
  id: 'f00d',
  content_id: null,
  path: '/srv/in',
  state: 'queued',
  bytes: 0,
  bytes_total: 0,
  rate: 0.5,
  peers: 2,
  error: { code: 'E_NO_SPACE', message: 'full' },
  target: HEX,
  directory: '/srv/in',
  category: 'music',
  sequential: true,
  files: 0,
  files_total: 3,
  eta: null,
  priority: 0,
  added: 1_700_000_000,
};

/** A sample of every message that actors exchange. */
export const samples: Samples = {
  acceptor: {
    addresses: { request: null, reply: { bound: ['tcp://0.0.0.0:7001'], advertised: [] } },
    judged: { message: { remote: '192.0.2.1:4000', paid: true, good: false } },
  },
  control: {
    info: { request: null, reply: { socket: '/run/granary.sock' } },
  },
  pex: {
    met: { message: peerMet },
    lost: { message: { nodeKey: HEX, address: 'tcp://192.0.2.1:7001', reason: 'E_PEER_IDENTITY' } },
    wire: { request: { ...wireRequest, type: 101 }, reply: wireReply },
    sources: { request: { limit: 8 }, reply: [`tcp://192.0.2.1:7001@${HEX}`] },
    known: {
      request: null,
      reply: [
        {
          address: 'tcp://192.0.2.1:7001',
          nodeKey: HEX,
          state: 'answered',
          native: true,
          dialect: '2/8',
          capabilities: ['content_seed'],
          score: -1.25,
          source: 'seed',
          seen: 1_753_000_000,
          failures: 1,
        },
        {
          address: 'tcp://[2001:db8::1]:7001',
          nodeKey: null,
          state: 'hearsay',
          native: null,
          dialect: null,
          capabilities: [],
          score: 0,
          source: HEX,
          seen: null,
          failures: 0,
        },
      ],
    },
    seeds: {
      request: null,
      reply: [
        {
          address: `tcp://seed.example.org:7001@${HEX}`,
          origin: 'live',
          state: 'failing',
          resolved: ['tcp://192.0.2.1:7001'],
          lastAnswer: 1_753_000_000,
          error: { code: 'E_PEER_IDENTITY', message: 'another key answers at this address' },
          nextTry: 1_753_000_005,
        },
      ],
    },
    addSeed: { request: { address: 'tcp://seed.example.org:7001' }, reply: { changed: true } },
    removeSeed: { request: { address: 'tcp://seed.example.org:7001' }, reply: { changed: true } },
    configure: {
      request: {
        bootstrap: ['tcp://192.0.2.1:7001'],
        bootstrapPinned: true,
        outbound: 6,
        scope: 'public',
      },
      reply: null,
    },
  },
  dht: {
    met: { message: peerMet },
    lost: { message: { nodeKey: null, address: 'tcp://192.0.2.1:7001', reason: 'E_PEER_SILENT' } },
    learnt: { message: { addresses: [`tcp://192.0.2.1:7001@${HEX}`], from: HEX } },
    findNode: { request: { target: 'a1'.repeat(20) }, reply: { nodes: [dhtNode] } },
    findValue: { request: { key: HEX }, reply: { value: bytes(0xa0), source: dhtNode } },
    lookUpHead: {
      request: { shareKey: HEX },
      reply: { head: bytes(0xa5), sources: [`tcp://192.0.2.1:7001@${HEX}`] },
    },
    findProviders: {
      request: { contentId: HEX },
      reply: { providers: [`tcp://192.0.2.1:7001@${HEX}`] },
    },
    store: {
      request: { key: HEX, value: bytes(0x36, 0xa7), ttlSeconds: 86_400 },
      reply: { stored: 18, refused: 1, failed: 1 },
    },
    published: { message: { shareId: HEX } },
    status: {
      request: null,
      reply: {
        ...{
          nodes: 260,
          buckets: 13,
          values: 100_000,
          valueBytes: 2 ** 33,
          headsChecked: 7,
          headsUnchecked: 1,
        },
        ...{
          lookups: 3,
          lookupsRunning: 1,
          requests: 60,
          requestsFailed: 2,
          storesTaken: 9,
          storesRefused: 1,
        },
        ...{ published: 4, replicas: 80 },
        announce: {
          ...{ state: 'on', items: 100_000, announced: 99_000, due: 400, backlog: 10, unreached: 0 },
          ...{ next: 1_700_000_000, perSecond: 11.1, stores: 2 ** 33, lookups: 60 },
        },
      },
    },
    table: { request: null, reply: [{ ...dhtNode, bucket: 0, seen: 1_700_000_000, failures: 2 }] },
    configure: {
      request: {
        ...{ bootstrap: [], scope: 'lan', publish: 'all', maxValues: 0, maxValueBytes: 2 ** 40 },
        ...{ announce: 'own', announceReplicas: 20, announcePerSecond: 0.5, announceLifeSeconds: 60 },
        defences: {
          ...{ diversity: true, pingBeforeEvict: true, onlyAnswered: true, checkedHeads: false },
          ...{ origins: true, rates: false, disjointPaths: true },
        },
      },
      reply: null,
    },
    wire: { request: { ...wireRequest, type: 201 }, reply: wireReply },
  },
  hashing: {
    configure: { request: { threads: 2 }, reply: null },
    checkParts: {
      request: { parts: [{ path: '/a', from: 0, to: 2 ** 42 }], gentle: true },
      items: [
        {
          kind: 'checked',
          parts: [
            {
              ...{ index: 0, size: 2 ** 42, hashes: bytes(1, 2), unreadable: [3] },
              ...{ mtimeNs: 1n, ctimeNs: 2n ** 63n, inode: 2n ** 64n - 1n },
            },
          ],
        },
        { kind: 'failed', index: 1, error: { code: 'E_IO', message: 'm', retryable: false } },
      ],
    },
    hashFiles: {
      request: { paths: ['/a', '/b'] },
      items: [
        { kind: 'progress', bytes: 2 ** 42 },
        {
          kind: 'files',
          files: [
            {
              index: 0,
              contentId: HEX,
              size: 0,
              hashes: bytes(),
              chunkListHash: HEX,
              mtimeNs: NS,
              ctimeNs: NS,
              inode: 1n,
            },
          ],
        },
        {
          kind: 'failed',
          index: 1,
          error: {
            code: 'E_FILE_CHANGED',
            message: 'it grew',
            subject: '/b',
            cause: { code: 'X', message: 'y' },
          },
        },
      ],
    },
    identify: { request: { path: '/a' }, reply: { contentId: HEX, size: 0 } },
    info: { request: null, reply: { threads: 2, implementation: 'native' } },
  },
  publish: {
    publish: {
      request: { paths: ['/srv/music'], title: null, public: null, tags: [], share: 'music', watch: true },
      items: [
        {
          kind: 'progress',
          progress: {
            phase: 'hash',
            files: 1,
            files_total: 2,
            bytes: 3,
            bytes_total: 4,
            rate: 0.5,
            eta: null,
          },
        },
        {
          kind: 'done',
          result: {
            share_id: HEX,
            share_key: HEX,
            name: 'music',
            link: 'scp2p://s/x',
            seq: 1,
            manifest_id: HEX,
            title: null,
            public: true,
            tags: [],
            watch: false,
            items: 1,
            volumes: 0,
            revisions: 1,
            bytes: 1,
            hashed_bytes: 0,
            offline: ['/mnt/disk'],
            skipped: [{ path: '/srv/music/socket', reason: 'no file' }],
            limited: [{ path: '/srv/music/huge', reason: 'long' }],
            seconds: 0.001,
            spent: { walk: 0, hash: 0, commit: 0 },
          },
        },
      ],
    },
    unshare: { request: { shareId: HEX, forgetKey: false }, reply: { name: 'music', items: 3 } },
    itemStates: {
      request: {
        roots: [{ path: '/srv/music', kind: 'folder', inside: '' }],
        sources: [{ ...source, damaged: true }, null],
      },
      reply: ['ok', 'stale', 'missing', 'offline', 'damaged'],
    },
    shareStates: { request: null, reply: [{ shareId: HEX, state: 'offline' }] },
    wire: { request: wireRequest, reply: wireReply },
  },
  quic: {
    dialAt: { request: null, reply: { path: '/run/quic/d1.1' } },
    addresses: { request: null, reply: { bound: ['quic://0.0.0.0:7000'] } },
    status: {
      request: null,
      reply: {
        ...{ state: 'up', reason: null, engine: 'deno 2.9.6', pid: 5, restarts: 1, rss: 2 ** 25, streams: 3 },
      },
    },
    shardsChanged: { message: null },
  },
  search: {
    search: {
      request: {
        query: 'two words',
        shares: [],
        trust: ['normal'],
        limit: 20,
        offset: 0,
        cursor: null,
        asTyped: false,
      },
      reply: {
        cursor: 'eyJ4IjoxfQ',
        hits: [
          {
            share_id: HEX,
            content_id: HEX,
            path: 'x',
            name: 'x',
            size: 1,
            score: 0.25,
            trust: 'normal',
            snippet: '[x]',
            corrected: [{ typed: 'worde', meant: 'words' }],
          },
        ],
        next: null,
        took_ms: 0.3,
        complete: true,
      },
    },
    refresh: { request: { shareId: HEX }, reply: { items: 0 } },
    configure: { request: { stemming: 'english' }, reply: null },
  },
  store: {
    identity: {
      request: null,
      reply: { nodeKey: HEX, nodeId: HEX, privateKey, certificate: 'PEM', tlsKey: 'PEM' },
      portOnly: 'a KeyObject stays in the process: its clone shares the key, whose bytes never leave it',
    },
    openShare: { request: { name: 'music' }, reply: ownShare },
    ownShares: { request: null, reply: [ownShare, { ...ownShare, title: 'T', manifestId: HEX }] },
    openVolume: { request: { shareId: HEX, volume: 3 }, reply: ownShare },
    ownVolumes: { request: { shareId: HEX }, reply: [{ ...ownShare, volume: 3 }] },
    unshare: { request: { shareId: HEX, forgetKey: true }, reply: { name: 'music', items: 0 } },
    sourcesOf: { request: { shareId: HEX }, reply: [shareSource, { ...shareSource, inside: null }] },
    goneSources: {
      request: { after: { place: 1, path: '/srv/a.flac' } },
      reply: [
        { ...source, damaged: false, shareId: HEX, epoch: 3, place: 1 },
        { ...source, damaged: true, shareId: null, epoch: 3, place: null },
      ],
    },
    sourcesBack: { request: [{ contentId: HEX, path: '/srv/a.flac', epoch: 3 }], reply: null },
    keepHashed: { request: [{ ...source, chunkListHash: HEX, hashes: bytes(1, 2) }], reply: null },
    journaled: { request: { paths: ['/srv/a.flac'] }, reply: [shareSource] },
    putHashLists: { request: [{ contentId: HEX, hashes: new Uint8Array(64).fill(7) }], reply: null },
    keepHashLists: { request: [{ contentId: HEX, hashes: new Uint8Array(64).fill(8) }], reply: null },
    transfers: { request: null, reply: [transfer] },
    putTransfer: { request: { ...transfer, error: null, path: null, contentId: null }, reply: null },
    planTransfer: { request: { transfer, files: [file, { ...file, have: null, look: null }] }, reply: null },
    transferFiles: { request: { id: transfer.id }, reply: [{ ...file, state: 'done' }] },
    noteProgress: {
      request: { id: transfer.id, files: 1, bytes: 2 ** 41, changed: [progress] },
      reply: null,
    },
    dropTransfer: { request: { id: transfer.id }, reply: null },
    commitRevision: {
      request: {
        shareId: HEX,
        title: null,
        public: true,
        items: [item],
        sources: [{ ...source, inside: 'a.flac' }],
        roots: [],
        tags: [],
        watch: false,
        recommended: [HEX],
        seenSeq: 2 ** 41,
      },
      reply: { seq: 3, manifestId: HEX, changed: true },
    },
    subscribe: {
      request: { shareId: HEX, shareKey: HEX, trust: 'untrusted', weight: 1, peers: [] },
      reply: subscription,
    },
    unsubscribe: { request: { shareId: HEX }, reply: { removed: false } },
    subscribeVolume: {
      request: { root: HEX, shareId: HEX, shareKey: HEX },
      reply: { ...subscription, volumes: [], root: HEX },
    },
    subscriptions: { request: { volumes: true }, reply: [] },
    subscription: { request: { shareId: HEX }, reply: null },
    commitManifest: {
      request: { shareId: HEX, head: bytes(1), manifest: bytes(2), source: 'tcp://192.0.2.1:7001' },
      reply: { ...subscription, lastError: null, seq: null, source: null },
    },
    noteSync: { request: { shareId: HEX, error: null }, reply: null },
    manifest: { request: { manifestId: HEX }, reply: bytes(0, 255) },
    hashList: { request: { contentId: HEX }, reply: null },
    lease: { request: { contentId: HEX }, reply: { ...source, epoch: 2, shareIds: [HEX] } },
    leases: { request: { contentIds: [HEX, HEX] }, reply: [{ ...source, epoch: 2 }] },
    holdFiles: { request: [{ ...source, chunkCount: 1, chunkListHash: HEX, adopted: false }], reply: null },
    heldTotals: { request: { shareId: null }, reply: { items: 1, chunks: 2 ** 33, bytes: 2 ** 52 } },
    heldEntries: {
      request: { shareId: HEX, after: { place: null, path: '/a' }, limit: 1000 },
      reply: {
        entries: [
          {
            ...{ ...source, chunkCount: 1, chunkListHash: HEX, adopted: true, place: 1, shareId: HEX },
            ...{ epoch: 7, gone: true, damaged: true },
          },
        ],
        next: { place: null, path: '/b' },
      },
    },
    holderOf: { request: { path: '/a' }, reply: { published: true, contentId: HEX } },
    judgeFiles: {
      request: [
        {
          ...{ place: 1, path: '/a', contentId: HEX, epoch: 2, damaged: false },
          right: { mtimeNs: NS, ctimeNs: NS, inode: 1n },
        },
        { place: null, path: '/b', contentId: HEX, epoch: 2, damaged: false, right: null },
      ],
      reply: null,
    },
    forgetHeld: { request: [{ contentId: HEX, path: '/b', epoch: 2 }], reply: null },
    leaseEpoch: { request: null, reply: 2 ** 40 },
    announcedContents: {
      request: {
        scope: { private: false, downloads: true },
        after: { downloads: true, contentId: bytes(1, 2) },
      },
      reply: { ids: bytes(1, 2), epochs: [1, 2 ** 40], next: { downloads: true, contentId: bytes(3) } },
    },
    stillAnnounced: {
      request: { scope: { private: true, downloads: false }, ids: bytes(1) },
      reply: bytes(1),
    },
    rechecks: { request: null, reply: [recheck, { ...recheck, shareId: null, part: null }] },
    noteRecheck: { request: { recheck, wrong: [wrong], anew: true }, reply: null },
    wrongFiles: {
      request: { shareId: null, after: { own: true, path: '/a' }, limit: 10 },
      reply: [wrong, { ...wrong, found: null, bad: null, reason: 'gone' }],
    },
    dropRecheck: { request: { shareId: HEX }, reply: null },
    sourceGone: { request: { contentId: HEX, path: '/srv/a.flac', epoch: 1 }, reply: null },
    leaseChanges: { request: null, items: [{ contentIds: [HEX] }, { contentIds: [] }] },
    items: {
      request: { share: 'music', cursor: 0, limit: 1000 },
      reply: {
        items: [itemRow],
        places: {
          roots: [{ path: '/srv/a.flac', kind: 'file', inside: 'a.flac' }],
          sources: [{ ...source, damaged: false }, null],
        },
        next: 1,
        revision: 'f00d.3',
      },
    },
    settingKept: { request: { name: 'limits' }, reply: null },
    keepSetting: { request: { name: 'limits', value: '{}' }, reply: null },
    traffic: { request: null, reply: [{ period: '2026-11', up: 2 ** 40, down: 0 }] },
    keepTraffic: { request: [{ period: '2026-11-26', up: 1, down: 2 }], reply: null },
    changes: {
      request: { since: 'f00d.3', limit: 10 },
      reply: {
        revision: 'f00d.9',
        reset: false,
        more: true,
        shares: [HEX],
        relist: [],
        files: [
          { shareId: HEX, path: 'x', item: itemRow },
          { shareId: HEX, path: 'y', item: null },
        ],
        places: [{ shareId: HEX, places: { roots: null, states: ['held', 'remote'] } }],
      },
    },
    resolve: {
      request: { target: `${HEX}/x`, cursor: 0 },
      reply: { items: [{ ...itemRow, path: null }], next: null },
    },
    keyRecords: { request: null, reply: [bytes(0x37, 0xa5)] },
    keepKeyRecord: { request: { record: bytes(0x36, 0xa7) }, reply: null },
    knownPeer: { request: { address: knownPeer.address }, reply: knownPeer },
    rememberPeer: { request: knownPeer, reply: null },
    knownPeers: { request: { limit: 10 }, reply: [storedPeer] },
    ratePeers: { request: { peers: [storedPeer], gone: ['tcp://192.0.2.9:7001'] }, reply: null },
    bans: { request: null, reply: [{ target: '192.0.2.0/24', since: 1_753_000_000 }] },
    ban: { request: { target: HEX }, reply: { changed: true } },
    unban: { request: { target: HEX }, reply: { changed: false } },
    banned: { request: null, items: [[], [HEX, '192.0.2.0/24']] },
    backup: {
      request: { path: '/backups', hashLists: true },
      items: [{ file: '/backups/granary.db', bytes: 4096, files: 3, keys: 'keyfile', seconds: 0.5 }],
    },
    exportKey: { request: { key: { shareId: HEX }, passphrase: 'long and secret' }, reply: bytes(7, 8) },
    importKey: {
      request: { sealed: bytes(7, 8), name: 'music', opener: { passphrase: 'long and secret' } },
      reply: ownShare,
    },
    reseal: { request: { passphrase: null }, reply: { keys: 2 } },
    wire: {
      request: { ...wireRequest, peer: { nodeKey: HEX, dialect: DIALECT_2 } },
      reply: { error: 'no such type' },
    },
  },
  supervisor: {
    memory: { request: null, reply: { store: 1_000_000, 'transport/0': 0 } },
    tuning: { request: null, reply: [{ name: 'shards', value: 2, running: 3, origin: 'set live' }] },
    tune: {
      request: { values: { shards: 2 }, save: false },
      reply: [{ name: 'hashing', value: 0, running: null, origin: 'default' }],
    },
    status: {
      request: null,
      reply: {
        version: '1.0.0',
        pid: 1,
        home: '/h',
        uptime: 0.5,
        actors: [
          {
            name: 'store',
            thread: null,
            state: 'down',
            restarts: 1,
            mailbox: 0,
            utilisation: 0.5,
            metrics: { x: 1 },
          },
        ],
        tree: {
          name: 'root',
          strategy: 'rest_for_one',
          intensity: 3,
          periodMs: 60_000,
          recent: 0,
          children: [
            { actor: 'store', state: 'down', health: 'busy', restarts: 1, refused: 0, lastDeath: null },
          ],
        },
        memory: { rss: 1, heap: 1, external: 1 },
        cpu: { user: 1, system: 1 },
      },
    },
    stop: { message: null },
    settings: {
      request: null,
      reply: [
        { key: 'network.shards', value: 2, origin: 'default' },
        { key: 'network.listen', value: ['tcp://0.0.0.0:7001'], origin: 'file /c:3', after_restart: [] },
      ],
    },
    reload: {
      request: null,
      reply: { applied: ['sync.interval_seconds'], needs_restart: [], unchanged: 12 },
    },
  },
  sync: {
    subscribe: {
      request: { link: 'scp2p://s/x', trust: 'normal', weight: 1 },
      reply: { subscription, error: null },
    },
    unsubscribe: { request: { shareId: HEX }, reply: { removed: true } },
    health: {
      request: null,
      reply: [
        { shareId: HEX, disagreement: null, failures: 0, nextTry: null },
        {
          shareId: HEX,
          disagreement: { kind: 'fork', seq: 3, peers: ['tcp://192.0.2.1:7001'], since: 1 },
          failures: 2,
          nextTry: 1_700_000_000,
        },
      ],
    },
    newestSeq: { request: { shareKey: HEX }, reply: { seq: null } },
    configure: { request: { intervalSeconds: 0.5, requestsPerSecond: 1 }, reply: null },
    sync: { request: { shareId: null }, reply: [shareSync, { ...shareSync, error: null }] },
  },
  limits: {
    caps: {
      request: null,
      items: [
        {
          memory: new SharedArrayBuffer(8),
          since: 1.5,
          caps: [{ name: 'global', scope: 'global', ids: [], direction: 'up', rate: 1e6 }],
          metered: true,
        },
      ],
      portOnly: 'counters in shared memory are shared by the threads of one process only',
    },
    show: { request: null, reply: limitsView },
    set: {
      request: { values: { up: '1MB/s' }, save: true },
      reply: { ...limitsView, quotas: [], schedule: [] },
    },
    configure: {
      request: { up: '1MB/s', down: 'off', schedule: [], quota: ['day.up=1GB'], pinned: ['up'] },
      reply: null,
    },
  },
  transfer: {
    recheck: {
      request: { shareId: null, repair: true, forget: false },
      items: [
        { kind: 'progress', progress: recheckProgress },
        { kind: 'done', result: recheckResult },
      ],
    },
    rechecks: { request: null, reply: [recheckRow, { ...recheckRow, share_id: null, ended: null }] },
    cancelRechecks: { request: { shareId: HEX }, reply: [recheckRow] },
    add: {
      request: { target: HEX, priority: 3, only: ['*.flac'], adopt: '/srv/old', category: 'music' },
      reply: transferRow,
    },
    queue: { request: null, reply: [transferRow, { ...transferRow, error: null, eta: 1.5 }] },
    pause: { request: { ids: null }, reply: [{ ...transferRow, state: 'paused' }] },
    resume: { request: { ids: ['f0'], priority: -5 }, reply: [] },
    cancel: { request: { ids: ['f00d'] }, reply: [transferRow] },
    configure: {
      request: {
        ...{ maxActive: 2, reserveBytes: 0, readAheadBytes: 1 << 20, preallocate: true },
        categories: ['a=/b'],
      },
      reply: null,
    },
    download: {
      request: { target: HEX, directory: '/tmp/x' },
      items: [
        {
          kind: 'progress',
          progress: {
            phase: 'fetch',
            files: 0,
            files_total: 1,
            bytes: 0,
            bytes_total: 1,
            rate: 0,
            eta: 1.5,
            peers: 1,
          },
        },
        {
          kind: 'done',
          result: {
            files: [{ content_id: HEX, path: '/tmp/x/a', bytes: 1, resumed_bytes: 0 }],
            bytes: 1,
            seconds: 1,
            rate: 1,
            providers: ['tcp://192.0.2.1:7001'],
            spent: { plan: 0, fetch: 1, verify: 0, write: 0, identify: 0, finish: 0 },
          },
        },
      ],
    },
  },
  transport: {
    adopt: {
      // The runner puts an accepted connection here.
      request: { socket: null as never, remote: '192.0.2.1', newcomer: true },
      reply: { established: true, sessions: 1 },
      portOnly: 'a socket moves between the threads of one process only',
    },
    connect: {
      request: { address: 'tcp://192.0.2.1:7001', nodeKey: HEX, also: ['quic://192.0.2.1:7000'] },
      reply: { ...session, transport: 'quic' },
    },
    serveQuic: {
      request: {
        folder: '/run/quic',
        limits: { maxPending: 1, maxPendingPerAddress: 1 },
      },
      reply: { path: '/run/quic/s0.1' },
    },
    request: {
      request: { peer: { address: 'tcp://192.0.2.1:7001' }, type: 400, payload: bytes(0xa1, 0, 1) },
      reply: { type: 401, payload: new Uint8Array(300).fill(1) },
    },
    fetch: {
      request: {
        peer: { address: 'tcp://192.0.2.1:7001', nodeKey: HEX },
        files: [{ contentId: HEX, size: 5, path: '/tmp/x', hashes: bytes(9), wanted: bytes(1) }],
        shareIds: [HEX],
      },
      items: [
        { kind: 'progress', chunks: 1, bytes: 262_144, written: [0, 3, 1] },
        { kind: 'corrupt', index: 0, chunk: 3 },
        { kind: 'file', index: 0, contentId: null },
        { kind: 'asked' },
        { kind: 'spent', verifyMs: 0.5, writeMs: 0 },
      ],
    },
    sessions: { request: null, reply: [session, { ...session, bound: 'tls', direction: 'out' }] },
    load: { request: null, reply: { sessions: 3 } },
    dialled: { request: null, reply: [{ ...session, direction: 'out' }] },
    configure: {
      request: {
        handshakeMs: 1_000,
        dialMs: 1_000,
        requestMs: 1_000,
        idleMs: 1_000,
        maxSessions: 1,
        inFlight: 1,
        requestWindow: 1,
        requireBound: true,
        diskQueue: 1,
        uploadSlots: 0,
        policy: 'auto',
        congestion: 'bbr',
      },
      reply: null,
    },
  },
};

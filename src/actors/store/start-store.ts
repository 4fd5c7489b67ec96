import { randomBytes } from 'node:crypto';
import { failure } from '../../errors.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import type { Behaviour } from '../../supervisor/contract/actor.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { MessagesOf } from '../../supervisor/contract/contract.ts';
import { AnnouncedContents } from './announced-contents.ts';
import { Backups } from './backups.ts';
import { Bans } from './bans.ts';
import { Catalog } from './catalog.ts';
import { ChangeLog } from './change-log.ts';
import { leaseEpoch } from './content-rows.ts';
import { type StoreContext, unixNow } from './context.ts';
import type { storeContract } from './contract.ts';
import { GuardedHandlers } from './guarded-handlers.ts';
import { HashLists } from './hash-lists.ts';
import { HeldEntries } from './held-entries.ts';
import { HeldFiles } from './held-files.ts';
import { idOctets } from './hex-ids.ts';
import { Journal } from './journal.ts';
import { openImported, sealForExport } from './key-exchange.ts';
import { KeyRecords } from './key-records.ts';
import { KnownPeers } from './known-peers.ts';
import { LeaseChanges } from './lease-changes.ts';
import { LiveSettings } from './live-settings.ts';
import { ManifestShelf } from './manifest-shelf.ts';
import { type OpenHome, openHome } from './open-home.ts';
import { keyName, OwnShares } from './own-shares.ts';
import { Publisher } from './publisher.ts';
import { Rechecks } from './rechecks.ts';
import { resolveTarget } from './resolve.ts';
import { SharePages } from './share-pages.ts';
import { sharesOf } from './shares-of.ts';
import { SmallFiles } from './small-files.ts';
import { SourceLedger } from './source-ledger.ts';
import { storeChanges } from './store-changes.ts';
import { storeFailure } from './store-failure.ts';
import { Subscriber } from './subscriber.ts';
import { Subscriptions } from './subscriptions.ts';
import { Transfers } from './transfers.ts';
import { WireAnswers } from './wire-answers.ts';
import { Withdrawal } from './withdrawal.ts';

type StoreBehaviour = Behaviour<MessagesOf<typeof storeContract>>;

/** Rows that one answer has. */
const MAX_ROWS = 1_000;
/** What handshakes told is written down after so long, in one go. */
const PEERS_AFTER_MS = 2_000;

/** Opens the data folder and answers from it. `steps`: the schema, for tests of the next one. */
export async function startStore(context: StoreContext, steps?: readonly string[]): Promise<StoreBehaviour> {
  let opened: OpenHome | null = null;
  try {
    opened = await openHome(context, steps);
    return await behaviourOf(context, opened);
  } catch (error) {
    opened?.close();
    throw storeFailure(error, context.config.home);
  }
}

async function behaviourOf(context: StoreContext, opened: OpenHome): Promise<StoreBehaviour> {
  const { home, database, keys, identity } = opened;
  const files = new SmallFiles(context.clock);
  const shelf = new ManifestShelf(database, home.manifests, files, context.log);
  await shelf.sweep();
  const hashLists = await HashLists.open(context, database, home.hashes, files);
  const changes = new LeaseChanges();
  const ledger = new SourceLedger(database);
  const journal = new Journal(database);
  journal.sweep(unixNow(context));
  const held = new HeldFiles(database);
  const entries = new HeldEntries(database);
  const announced = new AnnouncedContents(database);
  const shares = new OwnShares(database, keys);
  const changeLog = new ChangeLog(randomBytes(6).toString('hex'));
  const publisher = new Publisher(context, { database, shares, shelf, ledger, journal, changes, changeLog });
  const withdrawal = new Withdrawal({ database, shares, shelf, ledger, changes, keys });
  const subscriptions = new Subscriptions(database, shelf);
  const subscriber = new Subscriber(context, { database, subscriptions, shelf, changeLog });
  const catalog = new Catalog(database);
  const pages = new SharePages(database, catalog, ledger, changeLog);
  const peers = new KnownPeers(database);
  const bans = new Bans(database);
  const keyRecords = new KeyRecords(database);
  const transfers = new Transfers(opened.progress);
  const live = new LiveSettings(database, opened.progress);
  const rechecks = new Rechecks(opened.progress);
  const answers = new WireAnswers(context, { database, shelf, hashLists });
  const backups = new Backups(context, home, identity.nodeKey);
  const guard = new GuardedHandlers(home.root, database);
  context.spawn(() => sweepHashLists(context, hashLists));
  context.spawn(() => backups.run());
  const tidy = () => context.spawn(() => tidyUp(context, shelf));
  tidy();

  const flushPeers = () => {
    try {
      peers.flush();
    } catch (error) {
      const known = storeFailure(error, home.root);
      if (!(known instanceof ActorError)) throw error;
      context.log.warn({ code: known.code, reason: known.message }, 'peers were not written down');
    }
  };

  const leaseOf = (contentId: string) => {
    const id = idOctets(contentId, 'content id');
    return ledger.lease(id) ?? held.lease(id);
  };

  const shareChanged = <T extends { readonly shareId: string }>(share: T): T => {
    changeLog.note({ kind: 'share', shareId: share.shareId.toLowerCase() });
    return share;
  };

  const handlers: Omit<StoreBehaviour['handlers'], 'leaseChanges' | 'backup' | 'banned'> = {
    identity: () => identity,

    openShare: async ({ name }) => shareChanged(await shares.open(name, unixNow(context))),
    ownShares: () => shares.list(),
    openVolume: ({ shareId, volume }) => shares.openVolume(shareId, volume, unixNow(context)),
    ownVolumes: ({ shareId }) => shares.volumes(shareId),
    async unshare({ shareId, forgetKey }) {
      const taken = await withdrawal.withdraw(shareId, forgetKey);
      shareChanged({ shareId });
      tidy();
      return taken;
    },
    sourcesOf: ({ shareId }) =>
      ledger.ofShare(shares.row(shareId).id).map((source) => ({
        ...source,
        hashed: hashLists.has(source.contentId, source.chunkCount),
      })),
    goneSources({ after }) {
      const own =
        after?.place === null ? [] : ledger.gone({ place: after?.place ?? 0, path: after?.path ?? '' });
      return own.length > 0 ? own : held.gone(after?.place === null ? after.path : '');
    },
    sourcesBack(sources) {
      const back = database.groupedTransaction(() =>
        sources.filter(({ contentId, path, epoch }) => {
          const id = idOctets(contentId, 'content id');
          return ledger.markBack(id, path, epoch) || held.markBack(id, path, epoch);
        }),
      );
      changes.announce(back.map(({ contentId }) => contentId.toLowerCase()));
      return null;
    },
    async keepHashed(sources) {
      await hashLists.put(sources);
      journal.keep(sources, unixNow(context));
      return null;
    },
    journaled: ({ paths }) => journal.of(paths, (contentId, chunks) => hashLists.has(contentId, chunks)),
    async putHashLists(lists) {
      await hashLists.put(lists);
      return null;
    },
    async keepHashLists(lists) {
      await hashLists.put(lists, false);
      return null;
    },
    commitRevision: (revision) => publisher.commit(revision),

    subscribe: (request) => shareChanged(subscriptions.subscribe(request)),
    async unsubscribe({ shareId }) {
      const done = await subscriptions.unsubscribe(shareId);
      shareChanged({ shareId });
      tidy();
      return done;
    },
    subscribeVolume: (request) => subscriptions.subscribeVolume(request),
    subscriptions: (which) => subscriptions.list(which?.volumes ?? false),
    subscription: ({ shareId }) => subscriptions.get(shareId),
    commitManifest: (offer) => subscriber.commit(offer),
    noteSync({ shareId, error }) {
      subscriptions.noteSync(shareId, error, unixNow(context));
      shareChanged({ shareId });
      return null;
    },

    manifest: ({ manifestId }) => shelf.read(idOctets(manifestId, 'manifest id')),
    hashList: ({ contentId }) => hashLists.read(idOctets(contentId, 'content id')),
    lease({ contentId }) {
      const lease = leaseOf(contentId);
      return lease && { ...lease, shareIds: sharesOf(database, idOctets(contentId, 'content id')) };
    },
    leases: ({ contentIds }) => contentIds.slice(0, MAX_ROWS).flatMap((id) => leaseOf(id) ?? []),
    holdFiles(files) {
      changes.announce(database.groupedTransaction(() => held.hold(files)));
      return null;
    },
    sourceGone({ contentId, path, epoch }) {
      const id = idOctets(contentId, 'content id');
      const gone = database.groupedTransaction(
        () => ledger.markGone(id, path, epoch) || held.markGone(id, path, epoch),
      );
      if (gone) changes.announce([toHex(id)]);
      return null;
    },

    items: ({ share, cursor, limit }) => pages.page(share, cursor, limit),
    changes: ({ since, limit }) => storeChanges(changeLog, catalog, pages, since, limit),
    resolve: ({ target, cursor }) => resolveTarget(catalog, target, cursor),

    transfers: () => transfers.list(),
    putTransfer(transfer) {
      transfers.put(transfer);
      return null;
    },
    planTransfer({ transfer, files }) {
      transfers.plan(transfer, files);
      return null;
    },
    transferFiles: ({ id }) => transfers.files(id),
    noteProgress({ id, files, bytes, changed }) {
      transfers.progress(id, { files, bytes }, changed);
      return null;
    },
    dropTransfer({ id }) {
      transfers.drop(id);
      return null;
    },

    settingKept: ({ name }) => live.get(name),
    keepSetting({ name, value }) {
      live.put(name, value);
      return null;
    },
    traffic: () => live.traffic(),
    keepTraffic(counts) {
      live.keepTraffic(counts);
      return null;
    },
    heldTotals: ({ shareId }) => entries.totals(shareId),
    heldEntries: ({ shareId, after, limit }) => entries.page(shareId, after, limit),
    holderOf: ({ path }) => entries.holderOf(path),
    judgeFiles(verdicts) {
      changes.announce(database.groupedTransaction(() => entries.judge(verdicts)));
      return null;
    },
    forgetHeld(files) {
      const gone = database.groupedTransaction(() =>
        files.filter(({ contentId, path, epoch }) =>
          held.forget(idOctets(contentId, 'content id'), path, epoch),
        ),
      );
      changes.announce(gone.map(({ contentId }) => contentId.toLowerCase()));
      return null;
    },
    leaseEpoch: () => leaseEpoch(database),
    announcedContents: ({ scope, after }) => announced.page(scope, after),
    stillAnnounced: ({ scope, ids }) => announced.still(scope, ids),
    rechecks: () => rechecks.list(),
    noteRecheck({ recheck, wrong, anew }) {
      rechecks.note(recheck, wrong, anew);
      return null;
    },
    wrongFiles: ({ shareId, after, limit }) => rechecks.wrong(shareId, after, limit),
    dropRecheck({ shareId }) {
      rechecks.drop(shareId);
      return null;
    },

    keyRecords: () => keyRecords.all(),
    keepKeyRecord({ record }) {
      keyRecords.keep(record, BigInt(unixNow(context)));
      return null;
    },

    knownPeer: ({ address }) => peers.get(address),
    rememberPeer(peer) {
      const waits = peers.pending;
      peers.remember(peer);
      if (!waits && peers.pending) context.clock.after(PEERS_AFTER_MS, flushPeers);
      return null;
    },
    knownPeers({ limit }) {
      peers.flush();
      return peers.list(limit);
    },
    ratePeers({ peers: rated, gone }) {
      peers.rate(rated, gone);
      return null;
    },

    bans: () => bans.list(),
    ban: ({ target }) => ({ changed: bans.add({ target, since: unixNow(context) }) }),
    unban: ({ target }) => ({ changed: bans.remove(target) }),

    async exportKey({ key, passphrase }) {
      const name = key === 'node' ? key : keyName(shares.row(key.shareId).share_id);
      const seed = await keys.seed(name);
      if (seed === null) throw failure('E_NOT_FOUND', 'there is no such key', { subject: name });
      return await sealForExport(seed, passphrase);
    },
    importKey: async ({ sealed, name, opener }) =>
      shareChanged(await shares.import(name, await openImported(sealed, opener), unixNow(context))),
    reseal: async ({ passphrase }) => ({ keys: await keys.reseal(passphrase) }),

    wire: (request) => answers.answer(request),
  };

  return {
    handlers: {
      ...guard.wrap(handlers),
      leaseChanges: (_, { signal }) => changes.listen(signal),
      backup: ({ path, hashLists: lists }, { signal }) => backups.make(path, lists, signal),
      banned: (_, { signal }) => bans.follow(signal),
    },

    async stop() {
      await guard.close();
      flushPeers();
      opened.close();
    },
  };
}

/** What cannot be removed now is tried again by the next start. */
async function sweepHashLists(context: StoreContext, hashLists: HashLists): Promise<void> {
  await quietly(context, 'old hash lists were not all removed', () => hashLists.sweep(context.signal));
}

async function tidyUp(context: StoreContext, shelf: ManifestShelf): Promise<void> {
  await quietly(context, 'old manifests were not all removed', () => shelf.dropRest(context.signal));
}

async function quietly(
  { config, log }: StoreContext,
  message: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const known = storeFailure(error, config.home);
    if (!(known instanceof ActorError)) throw error;
    log.warn({ code: known.code, reason: known.message }, message);
  }
}

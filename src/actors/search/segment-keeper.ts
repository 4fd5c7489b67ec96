import { failure } from '../../errors.ts';
import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { bytesEqual, fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import { decodeManifest } from '../../protocol/objects/manifest.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import { eachBounded } from '../each-bounded.ts';
import { runSliced } from '../run-sliced.ts';
import type { Subscription } from '../share-types.ts';
import type { SearchContext } from './context.ts';
import type { Stemming } from './contract.ts';
import { buildSegment } from './segment-builder.ts';
import type { SegmentFolder } from './segment-folder.ts';
import { Segment } from './segment-reader.ts';
import { type SearchedShare, Shares, searchedShare } from './shares.ts';
import { loadStemmer, NO_STEMS, type Stemmer } from './stemmer.ts';
import { VocabularyKeeper } from './vocabulary-keeper.ts';

/** Until the store is asked again when it is down at the start. */
const STORE_RETRY_MS = 1_000;

/** Segments opened at once. */
const OPENED_AT_ONCE = 8;

/** Keeps one segment a subscription in line with the store. Builds one at a time, so that memory stays bounded. */
export class SegmentKeeper {
  readonly shares = new Shares();
  readonly words: VocabularyKeeper;
  /** Undefined: that of the configuration is still to be loaded. */
  #stemmer: Stemmer | null | undefined;
  readonly #context: SearchContext;
  readonly #folder: SegmentFolder;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #opened = false;

  constructor(context: SearchContext, folder: SegmentFolder) {
    this.#context = context;
    this.#folder = folder;
    this.words = new VocabularyKeeper(this.shares, context.clock, context.signal);
  }

  /** How words are brought to their stems now. */
  get stemmer(): Stemmer | null {
    return this.#stemmer ?? null;
  }

  /** False while segments are still being opened or built. */
  get complete(): boolean {
    return this.#opened && this.#waiting === 0;
  }

  /** Opens what there is, then builds what is missing, damaged or built another way; sweeps what nobody subscribes to. */
  async openAll(): Promise<void> {
    const { config, log } = this.#context;
    const stemmer = await loadStemmer(config.stemming);
    // Somebody may have chosen another one meanwhile.
    if (this.#stemmer === undefined) this.#stemmer = stemmer;
    await this.#folder.create();
    const subscriptions = await this.#subscriptions();
    const swept = await this.#folder.sweep(
      subscriptions.flatMap(({ shareId, seq }) => (seq === null ? [] : [{ shareId, seq }])),
    );
    if (swept > 0) log.info({ files: swept }, 'segments of nothing swept');
    await eachBounded(subscriptions, OPENED_AT_ONCE, (subscription) => this.#open(subscription));
    await this.#settle();
    this.#measure();
    const ids = subscriptions.map(({ shareId }) => shareId);
    let stemming: number;
    do {
      stemming = this.#stemming;
      await this.#refreshEach(ids.filter((id) => !this.#isCurrent(id)));
    } while (stemming !== this.#stemming);
    this.#opened = true;
  }

  /** Works with these stems from here on. Segments without them are built anew, one after another, and answer until then. */
  async stemBy(stemming: Stemming): Promise<void> {
    const stemmer = await loadStemmer(stemming);
    const changes = (stemmer?.id ?? NO_STEMS) !== this.#stemming;
    this.#stemmer = stemmer;
    // Who is still opening them looks again at the end.
    if (!changes || !this.#opened) return;
    const { log, spawn } = this.#context;
    const others = [...this.shares.values()]
      .map(({ shareId }) => shareId)
      .filter((id) => !this.#isCurrent(id));
    log.info({ stemming, segments: others.length }, 'segments are built anew');
    this.#waiting++;
    spawn(async () => {
      await this.#refreshEach(others).finally(() => {
        this.#waiting--;
      });
    });
  }

  async #refreshEach(shareIds: readonly string[]): Promise<void> {
    for (const shareId of shareIds) {
      try {
        await this.refresh(shareId);
      } catch (error) {
        this.#tell(error, shareId);
      }
    }
  }

  /** What does not open is left to `refresh`. */
  async #open(subscription: Subscription): Promise<void> {
    const { shareId, seq, manifestId } = subscription;
    const id = manifestId === null ? null : fromHex(manifestId, 32);
    if (id === null || seq === null) return;
    const segment = await this.#folder.load({ shareId, seq }, id);
    // A refresh may have been faster.
    if (segment === null || this.shares.get(shareId) !== undefined) return;
    this.shares.set(searchedShare(subscription, seq, segment));
  }

  #isCurrent(shareId: string): boolean {
    const share = this.shares.get(shareId);
    return share !== undefined && share.segment.stemming === this.#stemming;
  }

  get #stemming(): number {
    return this.#stemmer?.id ?? NO_STEMS;
  }

  /** Brings one share in line: built, replaced or dropped. */
  refresh(shareId: string): Promise<{ items: number }> {
    return this.#exclusive(() => this.#bring(shareId, false));
  }

  /** Whether that revision of the share is still the one that is searched. */
  holds(share: SearchedShare): boolean {
    return this.shares.get(share.shareId)?.segment === share.segment;
  }

  /** Builds a segment whose rows turned out to be damaged. */
  async rebuild(share: SearchedShare): Promise<void> {
    try {
      await this.#exclusive(async () => {
        if (this.holds(share)) await this.#bring(share.shareId, true);
      });
    } catch (error) {
      this.#tell(error, share.shareId);
    }
  }

  async #bring(shareId: string, damaged: boolean): Promise<{ items: number }> {
    const { refs } = this.#context;
    const before = this.shares.get(shareId);
    const subscription = await refs.store.ask('subscription', { shareId });
    const { manifestId, seq } = subscription ?? { manifestId: null, seq: null };
    const id = manifestId === null ? null : fromHex(manifestId, 32);
    if (subscription === null || id === null || seq === null) {
      this.shares.delete(shareId);
      this.#measure();
      if (before !== undefined) await this.#folder.remove(before);
      return { items: 0 };
    }
    const current = (segment: Segment | null | undefined): Segment | null =>
      segment?.stemming === this.#stemming && bytesEqual(segment.manifestId, id) ? segment : null;
    const held = damaged ? null : current(before?.segment);
    const segment =
      held ??
      (damaged ? null : current(await this.#folder.load({ shareId, seq }, id))) ??
      (await this.#build(subscription, id));
    this.shares.set(searchedShare(subscription, seq, segment));
    await this.#settle();
    this.#measure();
    if (before !== undefined && before.seq !== seq) await this.#folder.remove(before);
    return { items: segment.documents };
  }

  async #build({ shareId, seq }: Subscription, manifestId: Uint8Array): Promise<Segment> {
    const { clock, refs, signal, log } = this.#context;
    const octets = await refs.store.ask('manifest', { manifestId: toHex(manifestId) });
    if (octets === null) throw failure('E_NOT_FOUND', 'the store lacks the manifest', { subject: shareId });
    const began = clock.now();
    const { items } = decoded(octets, shareId);
    const built = await runSliced(buildSegment(items, manifestId, this.stemmer), clock, signal);
    await this.#folder.write({ shareId, seq: seq ?? 0 }, built);
    const segment = Segment.open(built.index);
    if (segment === null) throw new Error('a segment does not open that was just built');
    log.debug(
      { share: shareId, seq, items: items.length, ms: Math.round(clock.now() - began) },
      'segment built',
    );
    return segment;
  }

  async #subscriptions(): Promise<readonly Subscription[]> {
    const { clock, log, refs, signal } = this.#context;
    for (;;) {
      try {
        return await refs.store.ask('subscriptions', { volumes: true });
      } catch (error) {
        if (!(error instanceof ActorError) || signal.aborted) throw error;
        log.warn({ code: error.code }, 'subscriptions could not be read; trying again');
        await sleep(clock, STORE_RETRY_MS, signal);
      }
    }
  }

  /** One after another; a failure of one is its caller's alone. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const run = this.#last.then(work).finally(() => {
      this.#waiting--;
    });
    this.#last = run.catch(() => {});
    return run;
  }

  /** So that no search has to. */
  #settle(): Promise<void> {
    const { clock, signal } = this.#context;
    return runSliced(this.shares.settle(), clock, signal);
  }

  #measure(): void {
    const { metrics } = this.#context;
    let segments = 0;
    let items = 0;
    let { octets } = this.shares;
    for (const { segment } of this.shares.values()) {
      segments++;
      items += segment.documents;
      octets += segment.octets;
    }
    metrics.set('segments', segments);
    metrics.set('items', items);
    metrics.set('segment_bytes', octets);
    this.#context.spawn(() => this.words.changed());
  }

  #tell(error: unknown, shareId: string): void {
    if (!(error instanceof ActorError) || this.#context.signal.aborted) throw error;
    this.#context.log.warn(
      { share: shareId, code: error.code, reason: error.message },
      'share is not searchable',
    );
  }
}

function decoded(octets: Uint8Array, shareId: string) {
  try {
    return decodeManifest(octets);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw failure('E_MANIFEST_INVALID', 'the stored manifest is damaged', { subject: shareId, cause: error });
  }
}

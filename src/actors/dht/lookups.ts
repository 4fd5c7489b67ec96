import { failure } from '../../errors.ts';
import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { bytesEqual, fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import { DIALECT_1, DIALECT_2 } from '../../protocol/dialect.ts';
import { shareHeadKey } from '../../protocol/objects/dht-keys.ts';
import { checkDhtValue, type DhtContent } from '../../protocol/objects/dht-value.ts';
import { type NodeId, nodeIdOf, shareIdOf, targetOf } from '../../protocol/objects/ids.ts';
import { compareShareHeads, type ShareHead, verifyShareHead } from '../../protocol/objects/share-head.ts';
import { FIND_NODE, FIND_VALUE } from '../../protocol/wire/message-types.ts';
import type { ReplyOf, RequestOf } from '../../protocol/wire/registry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { askPeer, shardOf } from '../ask-peer.ts';
import { targetAt } from '../peer-candidates.ts';
import { candidateFrom, candidateOf, candidatesOf } from './candidates.ts';
import { contactOf } from './contact.ts';
import { type DhtContext, unixNow } from './context.ts';
import { type Candidate, Lookup } from './lookup.ts';
import { K } from './routing-table.ts';
import { type LookupAnswer, runLookup } from './run-lookup.ts';
import type { TableKeeper } from './table-keeper.ts';

/** Lookups at once; the others wait, so many of them. */
const AT_ONCE = 8;
const MAX_WAITING = 256;
/** One question: dial, handshake and answer. */
const REQUEST_MS = 5_000;
/** Codes of a node that is not there, or not the one it was. */
const GONE = new Set(['E_TIMEOUT', 'E_PEER_SILENT', 'E_PEER_UNREACHABLE', 'E_PEER_IDENTITY']);
/** One lookup in all. */
const LOOKUP_MS = 20_000;
/** For so long nobody looks again for what was not found. */
const NOT_FOUND_MS = 20_000;
const MAX_NOT_FOUND = 1_024;
/** Values of one lookup that are judged: each may cost a signature. */
const MAX_JUDGED = 64;
/** Ways that share no node, where a lie would be believed until it is checked. */
export const PATHS = 3;

/** A value as a node gave it: right in form, key and signature, as far as it carries what is needed. */
export interface FoundValue {
  readonly content: DhtContent;
  readonly octets: Uint8Array;
  readonly source: Candidate;
}

type Asking = typeof FIND_NODE | typeof FIND_VALUE;

/** Lookups in the network. Bounded in number and time; what peers do is never an error of them. */
export class Lookups {
  readonly #context: DhtContext;
  readonly #keeper: TableKeeper;
  readonly #waiting: (() => void)[] = [];
  readonly #notFound = new Map<string, number>();
  #running = 0;
  #count = 0;

  constructor(context: DhtContext, keeper: TableKeeper) {
    this.#context = context;
    this.#keeper = keeper;
  }

  get running(): number {
    return this.#running;
  }

  get count(): number {
    return this.#count;
  }

  /** The nodes nearest to the target that answered, nearest first. */
  async findNode(target: NodeId, signal: AbortSignal, paths = 1): Promise<readonly Candidate[]> {
    const lookup = await this.#run(target, FIND_NODE, { targetNodeId: target }, paths, signal, () => null);
    return lookup.closest();
  }

  /**
   * Goes through the nodes nearest to a key. `take` is given every valid value and says whether it is enough. Resolves
   * with the nodes that answered.
   */
  async findValues(
    key: Uint8Array,
    signal: AbortSignal,
    take: (found: FoundValue) => boolean,
    paths = 1,
  ): Promise<readonly Candidate[]> {
    let judged = 0;
    let enough = false;
    const lookup = await this.#run(
      targetOf(key),
      FIND_VALUE,
      { key },
      paths,
      signal,
      (reply, source) => {
        const { value } = reply as ReplyOf<typeof FIND_VALUE>;
        if (value === null || enough || judged >= MAX_JUDGED || !bytesEqual(value.key, key)) return;
        judged++;
        const octets = new Uint8Array(value.value);
        const content = this.judge(key, octets);
        if (content !== null && take({ content, octets, source })) enough = true;
      },
      () => enough,
    );
    return lookup.closest();
  }

  /** The first valid value under a key; null at once for what was not found a moment ago. */
  async findValue(key: Uint8Array, signal: AbortSignal): Promise<FoundValue | null> {
    const name = toHex(key);
    const { clock } = this.#context;
    const until = this.#notFound.get(name);
    if (until !== undefined && until > clock.now()) return null;
    let found: FoundValue | null = null;
    const asked = await this.findValues(key, signal, (value) => {
      found ??= value;
      return true;
    });
    this.#notFound.delete(name);
    if (found === null && asked.length > 0 && !signal.aborted) {
      if (this.#notFound.size >= MAX_NOT_FOUND) this.#notFound.delete(this.#notFound.keys().next().value!);
      this.#notFound.set(name, clock.now() + NOT_FOUND_MS);
    }
    return found;
  }

  /** Something is under that key now. */
  foundNow(key: Uint8Array): void {
    this.#notFound.delete(toHex(key));
  }

  /**
   * The newest head of a share that its key signed, with those who have it; every node near it is asked. A forged one is
   * counted and passed over.
   */
  async lookUpHead(
    shareKey: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ head: ShareHead; octets: Uint8Array; sources: readonly Candidate[] } | null> {
    const { checkedHeads } = this.#context.config.defences;
    const found: { head: ShareHead; octets: Uint8Array; source: Candidate }[] = [];
    await this.findValues(
      shareHeadKey(shareIdOf(shareKey)),
      signal,
      ({ content, octets, source }) => {
        if (content.kind !== 'share-head') return false;
        if (!checkedHeads || verifyShareHead(content.value, shareKey).ok)
          found.push({ head: content.value, octets, source });
        else this.#context.metrics.add('heads_refused', 1);
        return false;
      },
      PATHS,
    );
    const [best] = found.toSorted((a, b) => compareShareHeads(b.head, a.head));
    if (best === undefined) return null;
    const same = found.filter(({ head }) => compareShareHeads(head, best.head) === 0);
    return { head: best.head, octets: best.octets, sources: same.map(({ source }) => source) };
  }

  /** What the octets are under that key; null for what no node of either dialect takes there. */
  judge(key: Uint8Array, octets: Uint8Array): DhtContent | null {
    const now = unixNow(this.#context);
    for (const dialect of [DIALECT_2, DIALECT_1]) {
      const check = checkDhtValue(key, octets, dialect, now);
      if (check.ok) return check.content;
    }
    return null;
  }

  /** One question to one node, within its deadline. It counts for the table, whatever comes of it. */
  async ask<T extends Asking>(
    candidate: Candidate,
    type: T,
    request: RequestOf<T>,
    signal: AbortSignal,
  ): Promise<{ reply: ReplyOf<T>; who: { nodeKey: string; id: NodeId } }> {
    const { refs, metrics } = this.#context;
    const { address } = candidate;
    const options = { signal, deadlineMs: REQUEST_MS };
    metrics.add('requests', 1);
    let nodeKey = candidate.nodeKey;
    // By its address alone where that is how it is dialled: the shard that has the session is found by it.
    const peer = targetAt(address, nodeKey);
    try {
      if (nodeKey === null) {
        const session = await shardOf(refs.transport, peer).ask('connect', peer, options);
        nodeKey = session.nodeKey;
      }
      const reply = await askPeer(refs.transport, peer, type, request, options);
      const contact = contactOf(nodeKey, address);
      if (contact !== null) this.#keeper.answered(contact);
      return { reply, who: { nodeKey, id: contact?.id ?? nodeIdOf(fromHex(nodeKey, 32)!) } };
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      metrics.add('requests_failed', 1);
      // One that refuses this question is there all the same, and what we gave up, or had no room for, says nothing.
      const contact = nodeKey !== null && GONE.has(error.code) ? contactOf(nodeKey, address) : null;
      if (contact !== null) this.#keeper.silent(contact);
      throw error;
    }
  }

  async #run<T extends Asking>(
    target: NodeId,
    type: T,
    request: RequestOf<T>,
    paths: number,
    given: AbortSignal,
    look: (reply: ReplyOf<T>, source: Candidate) => void,
    enough: () => boolean = () => false,
  ): Promise<Lookup> {
    const { clock, metrics } = this.#context;
    await this.#turn(given);
    const deadline = new AbortController();
    const cancel = clock.after(LOOKUP_MS, () => deadline.abort());
    try {
      this.#count++;
      metrics.add('lookups', 1);
      this.#keeper.table.looked(target, clock.now());
      const { diversity, disjointPaths } = this.#context.config.defences;
      const options = {
        target,
        paths: disjointPaths ? paths : 1,
        ...(!diversity && { perNeighbourhood: Number.POSITIVE_INFINITY }),
      };
      const lookup = new Lookup(options, this.#seeds(target));
      await runLookup(lookup, {
        clock,
        signal: AbortSignal.any([given, deadline.signal, this.#context.signal]),
        enough,
        ask: (candidate, signal) => this.#step(candidate, target, type, request, signal, look),
      });
      return lookup;
    } finally {
      cancel();
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #step<T extends Asking>(
    candidate: Candidate,
    target: NodeId,
    type: T,
    request: RequestOf<T>,
    signal: AbortSignal,
    look: (reply: ReplyOf<T>, source: Candidate) => void,
  ): Promise<LookupAnswer> {
    if (!this.#keeper.mayAsk(candidate)) {
      throw failure('E_BUSY', 'it was dialled in vain, or too often, a moment ago', {
        subject: candidate.address,
      });
    }
    const { reply, who } = await this.ask(candidate, type, request, signal);
    try {
      look(reply, { ...candidate, ...who });
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
    const peers = 'peers' in reply ? reply.peers : reply.closerPeers;
    const closer = candidatesOf(peers, target, who.nodeKey, this.#keeper.rules);
    if (!this.#context.config.defences.onlyAnswered) this.#keeper.believe(closer);
    return { who, closer };
  }

  /**
   * The nearest of the table, and the operator's own where they are not in it: as Granary nodes are found by the table,
   * and those of the reference keep values wherever they stand, because nobody finds others there.
   */
  #seeds(target: NodeId): Candidate[] {
    const { bootstrap } = this.#context.config;
    const known = this.#keeper.table.closest(target, K).map(({ contact }) => candidateOf(contact));
    const typed = bootstrap.flatMap(
      (text) => candidateFrom(text, 'operator', null, this.#keeper.rules) ?? [],
    );
    const addresses = new Set(known.map(({ address }) => address));
    const others = typed.filter(({ address }) => {
      if (addresses.has(address)) return false;
      return known.length < K || this.#keeper.table.at(address)?.native !== true;
    });
    return [...known, ...others];
  }

  /** Waits for a place. `E_BUSY` when too many do. */
  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#running < AT_ONCE) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      throw failure('E_BUSY', 'too many lookups wait for their turn', { retryable: true });
    }
    await new Promise<void>((resolve, reject) => {
      const take = () => {
        signal.removeEventListener('abort', leave);
        this.#running++;
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(failure('E_ABORTED', 'the lookup was cancelled'));
      };
      this.#waiting.push(take);
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}

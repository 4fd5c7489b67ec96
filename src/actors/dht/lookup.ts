import { compareDistance, type NodeId } from '../../protocol/objects/ids.ts';
import { K } from './routing-table.ts';

/** Somebody who may be asked. */
export interface Candidate {
  /** Its address and its key as it was named, `tcp://ip:port@key`: no two of one lookup are alike. */
  readonly name: string;
  /** `tcp://ip:port` */
  readonly address: string;
  /** 64 hex digits; null: not known before it answers. */
  readonly nodeKey: string | null;
  readonly id: NodeId | null;
  /** Whom it is counted with; null: an address of a local network. */
  readonly neighbourhood: string | null;
  /** Node key of whoever named it; null: this node knows it itself. */
  readonly from: string | null;
}

export interface LookupOptions {
  readonly target: NodeId;
  /** Asked at the same time, over all paths. */
  readonly alpha?: number;
  /** Paths that share no node, so that one hostile node cannot lead all of them astray. */
  readonly paths?: number;
  /** Nodes asked in all. */
  readonly maxQueries?: number;
  /** Of one neighbourhood that others named. */
  readonly perNeighbourhood?: number;
}

/** Kept of one path; the farthest go. */
const MAX_CANDIDATES = 128;
/** Taken of one answer, the nearest first: an honest one has 20. */
const MAX_TAKEN = 24;
/** With one address under several keys, one of which may be right. */
const MAX_PER_ADDRESS = 2;
/** Of one neighbourhood in one lookup. */
const MAX_PER_NEIGHBOURHOOD = 2;
/** Nodes whose key nobody told: they may be anywhere. */
const MAX_WITHOUT_KEY = 8;

interface Item {
  readonly candidate: Candidate;
  id: NodeId | null;
  nodeKey: string | null;
  readonly path: number;
  state: 'new' | 'asked' | 'slow' | 'answered' | 'failed';
}

/**
 * Which nodes to ask next for what is nearest to a target, as a machine without time or network: who drives it says
 * what became of each question. Answers are hostile: nothing in them is asked twice, and nothing grows without bound.
 */
export class Lookup {
  readonly #target: NodeId;
  readonly #alpha: number;
  readonly #maxQueries: number;
  readonly #perNeighbourhood: number;
  /** Nearest first; those without an id last, in the order in which they came. */
  readonly #paths: Item[][];
  /** By address and key. */
  readonly #items = new Map<string, Item>();
  /** Keys, each with the one item that counts for it. */
  readonly #byKey = new Map<string, Item>();
  readonly #addresses = new Map<string, number>();
  readonly #neighbourhoods = new Map<string, number>();
  #underWay = 0;
  #queries = 0;
  #withoutKey = 0;
  #turn = 0;

  constructor(
    {
      target,
      alpha = 3,
      paths = 1,
      maxQueries = 96,
      perNeighbourhood = MAX_PER_NEIGHBOURHOOD,
    }: LookupOptions,
    seeds: readonly Candidate[],
  ) {
    this.#target = target;
    this.#alpha = alpha;
    this.#maxQueries = maxQueries;
    this.#perNeighbourhood = perNeighbourhood;
    this.#paths = Array.from({ length: paths }, () => []);
    const byNearness = seeds.toSorted((a, b) => this.#compare(a.id, b.id));
    for (const [index, seed] of byNearness.entries()) this.#add(seed, index % paths);
  }

  get queries(): number {
    return this.#queries;
  }

  /** Nothing is left to ask, and nobody left to wait for. */
  get done(): boolean {
    if (this.#underWay > 0 || this.#pick() !== null) return false;
    // Who is slow is waited for unless all that is wanted is there.
    const slow = this.#paths.some((path) => path.some(({ state }) => state === 'slow'));
    return !slow || this.#count('answered') >= K;
  }

  /** Who is to be asked now; null: nobody until something came of those who were. */
  next(): Candidate | null {
    if (this.#underWay >= this.#alpha) return null;
    const item = this.#pick();
    if (item === null) return null;
    item.state = 'asked';
    this.#underWay++;
    this.#queries++;
    if (item.id === null) this.#withoutKey++;
    this.#turn = item.path + 1;
    return item.candidate;
  }

  /** It answered and turned out to have this key; `closer`: whom it named. */
  answered(
    candidate: Candidate,
    who: { readonly nodeKey: string; readonly id: NodeId },
    closer: readonly Candidate[],
  ): void {
    const item = this.#end(candidate);
    if (item === undefined) return;
    const known = this.#byKey.get(who.nodeKey);
    if (known !== undefined && known !== item) {
      // The same node under another address: it counts once.
      item.state = 'failed';
      if (known.state === 'new' || known.state === 'failed') {
        known.state = 'answered';
      }
    } else {
      item.state = 'answered';
      item.nodeKey = who.nodeKey;
      item.id = who.id;
      this.#byKey.set(who.nodeKey, item);
      this.#paths[item.path]!.sort((a, b) => this.#compare(a.id, b.id));
    }
    const nearest = closer.toSorted((a, b) => this.#compare(a.id, b.id)).slice(0, MAX_TAKEN);
    for (const each of nearest) this.#add(each, item.path);
  }

  failed(candidate: Candidate): void {
    const item = this.#end(candidate);
    if (item !== undefined) item.state = 'failed';
  }

  /** It has had its time: somebody else is asked beside it, and its answer counts when it comes. */
  slow(candidate: Candidate): void {
    const item = this.#items.get(candidate.name);
    if (item?.state !== 'asked') return;
    item.state = 'slow';
    this.#underWay--;
  }

  /** Those that answered, nearest first, 20 at most. */
  closest(): Candidate[] {
    return this.#paths
      .flat()
      .filter(({ state, id }) => state === 'answered' && id !== null)
      .sort((a, b) => this.#compare(a.id, b.id))
      .slice(0, K)
      .map(({ candidate, nodeKey, id }) => ({ ...candidate, nodeKey, id }));
  }

  #add(candidate: Candidate, path: number): void {
    const { name } = candidate;
    if (this.#items.has(name)) return;
    if (candidate.nodeKey !== null && this.#byKey.has(candidate.nodeKey)) return;
    const atAddress = this.#addresses.get(candidate.address) ?? 0;
    if (atAddress >= MAX_PER_ADDRESS) return;
    const { neighbourhood, from } = candidate;
    const near = neighbourhood === null ? 0 : (this.#neighbourhoods.get(neighbourhood) ?? 0);
    // Whom this node knows itself has passed the limits of its table.
    if (from !== null && near >= this.#perNeighbourhood) return;
    const list = this.#paths[path]!;
    const item: Item = { candidate, id: candidate.id, nodeKey: candidate.nodeKey, path, state: 'new' };
    const at = list.findIndex((each) => this.#compare(item.id, each.id) < 0);
    if (at < 0 && list.length >= MAX_CANDIDATES) return;
    list.splice(at < 0 ? list.length : at, 0, item);
    this.#items.set(name, item);
    if (item.nodeKey !== null) this.#byKey.set(item.nodeKey, item);
    this.#addresses.set(candidate.address, atAddress + 1);
    if (neighbourhood !== null) this.#neighbourhoods.set(neighbourhood, near + 1);
    if (list.length > MAX_CANDIDATES) this.#dropFarthest(list);
  }

  #dropFarthest(list: Item[]): void {
    const at = list.findLastIndex(({ state }) => state === 'new' || state === 'failed');
    if (at < 0) return;
    const [item] = list.splice(at, 1);
    // Its name stays known: nothing that was dropped comes back.
    if (item!.nodeKey !== null && this.#byKey.get(item!.nodeKey) === item) this.#byKey.delete(item!.nodeKey);
  }

  /** The next of the paths in turn, if any has somebody new among its nearest. */
  #pick(): Item | null {
    if (this.#queries >= this.#maxQueries) return null;
    for (let step = 0; step < this.#paths.length; step++) {
      const path = this.#paths[(this.#turn + step) % this.#paths.length]!;
      const item = this.#pickOf(path);
      if (item !== null) return item;
    }
    return null;
  }

  #pickOf(path: readonly Item[]): Item | null {
    let counted = 0;
    for (const item of path) {
      if (item.id === null) break;
      if (item.state === 'failed') continue;
      if (item.state === 'new') return item;
      if (++counted >= K) break;
    }
    if (this.#withoutKey >= MAX_WITHOUT_KEY) return null;
    return path.find(({ id, state }) => id === null && state === 'new') ?? null;
  }

  #end(candidate: Candidate): Item | undefined {
    const item = this.#items.get(candidate.name);
    if (item?.state === 'asked') this.#underWay--;
    else if (item?.state !== 'slow') return undefined;
    return item;
  }

  #count(state: Item['state']): number {
    return this.#paths.reduce((sum, path) => sum + path.filter((item) => item.state === state).length, 0);
  }

  #compare(a: NodeId | null, b: NodeId | null): number {
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    return compareDistance(this.#target, a, b);
  }
}

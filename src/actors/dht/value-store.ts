import { bytesEqual, toHex } from '../../protocol/crypto/bytes.ts';
import type { Dialect } from '../../protocol/dialect.ts';
import { type DhtContent, type DhtKind, dialectKnowsKind } from '../../protocol/objects/dht-value.ts';
import { bucketIndex, type NodeId, targetOf } from '../../protocol/objects/ids.ts';
import type { DhtDefences } from './config.ts';
import {
  compareRanks,
  composed,
  expiryOf,
  keptOctets,
  maxVariants,
  rankOf,
  variantOf,
} from './value-rules.ts';

/** What a value without a time lives, and what none outlives, in seconds (SCP2P wire, section 10.1). */
export const DEFAULT_TTL = 86_400;
export const MAX_TTL = 604_800;

/** Seconds that a value lives which was given for so many; 0: it was not said. */
export const lifeOf = (ttl: number): number => Math.min(ttl > 0 ? ttl : DEFAULT_TTL, MAX_TTL);

/** One network may fill this part of what is kept. */
const NET_PART = 1 / 16;
const MIN_NET_VALUES = 64;
/** What a value costs beside its octets. */
const OVERHEAD = 256;
/** The name of a head whose signature is known to be right. */
const CHECKED = 'checked';

export interface ValueLimits {
  readonly maxValues: number;
  readonly maxValueBytes: number;
  /** Without `origins` it does not matter who gave a value; default: it does. */
  readonly defences?: Pick<DhtDefences, 'origins'>;
}

interface StoredValue {
  readonly kind: DhtKind;
  readonly variant: string;
  readonly octets: Uint8Array;
  readonly rank: readonly bigint[];
  /** Unix seconds. */
  readonly expiresAt: number;
  /** Node key of who gave it. */
  readonly origin: string;
  /** The network that it came from: keys cost nothing, networks do. */
  readonly net: string;
}

/** What became of a value that was offered. */
export type PutResult = 'stored' | 'refreshed' | 'older' | 'crowded' | 'full' | 'expired';

interface Usage {
  values: number;
  bytes: number;
}

/**
 * Values kept for others, by key and kind, so that those of all dialects live side by side. Bounded in number, in octets
 * and by network; when it is full, what is farthest from this node makes room for what is nearer. Pure: time comes with
 * each call, in unix seconds. What it takes has been checked before.
 */
export class ValueStore {
  readonly #own: NodeId;
  #limits: ValueLimits;
  readonly #values = new Map<string, StoredValue[]>();
  /** Keys by the leading bits that they have in common with this node, oldest first. */
  readonly #bins: Set<string>[] = [];
  readonly #nets = new Map<string, Usage>();
  #count = 0;
  #bytes = 0;

  constructor(own: NodeId, limits: ValueLimits) {
    this.#own = own;
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Heads with a signature that is known to be right, and those without. */
  get heads(): { readonly checked: number; readonly unchecked: number } {
    let checked = 0;
    let unchecked = 0;
    for (const list of this.#values.values()) {
      for (const { kind, variant } of list) {
        if (kind !== 'share-head') continue;
        if (variant === CHECKED) checked++;
        else unchecked++;
      }
    }
    return { checked, unchecked };
  }

  /** More than there may be goes, farthest first. */
  limit(limits: ValueLimits): void {
    this.#limits = limits;
    while (this.#count > limits.maxValues || this.#bytes > limits.maxValueBytes)
      this.#evict(this.#farthest()!);
  }

  /** `checked`: a head whose signature is right. It takes the place of all that are not known to be. */
  put(
    key: Uint8Array,
    content: DhtContent,
    given: Uint8Array,
    about: { ttl: number; origin: string; net?: string; now: number; checked?: boolean },
  ): PutResult {
    const { origin, net = origin, now, checked = false } = about;
    const name = toHex(key);
    const octets = keptOctets(content, given);
    const variant = checked ? CHECKED : variantOf(content, this.#byOrigin ? origin : '');
    const ends = expiryOf(content);
    const expiresAt = Math.min(
      now + lifeOf(about.ttl),
      ends === null ? Number.POSITIVE_INFINITY : Number(ends),
    );
    if (expiresAt <= now) return 'expired';
    const list = (this.#values.get(name) ?? []).filter((each) => each.expiresAt > now);
    const value: StoredValue = {
      kind: content.kind,
      variant,
      octets,
      rank: rankOf(content),
      expiresAt,
      origin,
      net,
    };
    const same = list.findIndex((each) => each.kind === value.kind && each.variant === variant);
    let result: PutResult = 'stored';
    if (same >= 0) {
      const known = list[same]!;
      const order = compareRanks(value.rank, known.rank);
      const equal = bytesEqual(known.octets, octets);
      if (order < 0 || (order === 0 && value.rank.length > 0 && !equal)) return 'older';
      if (equal) result = 'refreshed';
    }
    const next = list.filter((each, index) => index !== same && !(checked && each.kind === 'share-head'));
    // A head that may be forged says nothing beside one that is not.
    const known = list.find((each) => each.kind === 'share-head' && each.variant === CHECKED);
    if (content.kind === 'share-head' && !checked && known !== undefined) return 'older';
    if (next.filter(({ kind }) => kind === value.kind).length >= maxVariants(value.kind)) {
      if (value.kind === 'share-head') return 'crowded';
      next.splice(placeToGive(next, value), 1);
    }
    if (same < 0 && !this.#netHasRoom(net, octets)) return 'crowded';
    if (!this.#makeRoom(name, next, value)) return 'full';
    this.#set(name, [...next, value]);
    return result;
  }

  /** What stands under a key for nodes of a dialect, and the seconds it has left. */
  get(key: Uint8Array, dialect: Dialect, now: number): { octets: Uint8Array; ttl: number } | null {
    const list = (this.#values.get(toHex(key)) ?? []).filter(
      ({ kind, expiresAt }) => expiresAt > now && dialectKnowsKind(dialect, kind),
    );
    const first = list.find(({ variant }) => variant === CHECKED) ?? list[0];
    if (first === undefined) return null;
    const { kind } = first;
    const lists = kind === 'providers' || kind === 'community-members';
    const all = list.filter((each) => each.kind === kind).toReversed();
    const octets = lists
      ? composed(
          kind,
          all.map((each) => each.octets),
        )
      : first.octets;
    const ends = lists ? Math.max(...all.map(({ expiresAt }) => expiresAt)) : first.expiresAt;
    return { octets, ttl: Math.max(1, Math.floor(ends - now)) };
  }

  /** The heads under a key whose signature is not known to be right. */
  unchecked(key: Uint8Array): readonly Pick<StoredValue, 'octets' | 'origin' | 'net' | 'expiresAt'>[] {
    return (this.#values.get(toHex(key)) ?? []).filter(
      ({ kind, variant }) => kind === 'share-head' && variant !== CHECKED,
    );
  }

  /** Forgets a head that turned out to be forged. */
  dropHead(key: Uint8Array, octets: Uint8Array): void {
    const name = toHex(key);
    const list = this.#values.get(name);
    if (list === undefined) return;
    this.#set(
      name,
      list.filter((each) => !(each.kind === 'share-head' && bytesEqual(each.octets, octets))),
    );
  }

  /** Forgets what is over. */
  sweep(now: number): void {
    for (const [name, list] of this.#values) {
      if (list.some(({ expiresAt }) => expiresAt <= now)) {
        this.#set(
          name,
          list.filter(({ expiresAt }) => expiresAt > now),
        );
      }
    }
  }

  get #byOrigin(): boolean {
    return this.#limits.defences?.origins ?? true;
  }

  #netHasRoom(net: string, octets: Uint8Array): boolean {
    if (!this.#byOrigin) return true;
    const { values, bytes } = this.#nets.get(net) ?? { values: 0, bytes: 0 };
    const { maxValues, maxValueBytes } = this.#limits;
    const room = Math.max(MIN_NET_VALUES, maxValues * NET_PART);
    return values < room && bytes + octets.length + OVERHEAD <= Math.max(maxValueBytes * NET_PART, 2 ** 18);
  }

  /** Whether the list may stand there with the value, after what is farther from this node than the key has gone. */
  #makeRoom(name: string, next: readonly StoredValue[], value: StoredValue): boolean {
    const before = this.#values.get(name) ?? [];
    const cost = (list: readonly StoredValue[]) => list.reduce((sum, each) => sum + costOf(each), 0);
    const { maxValues, maxValueBytes } = this.#limits;
    const count = () => this.#count - before.length + next.length + 1;
    const bytes = () => this.#bytes - cost(before) + cost(next) + costOf(value);
    const near = binOf(this.#own, name);
    while (count() > maxValues || bytes() > maxValueBytes) {
      const farthest = this.#farthest(name);
      if (farthest === null || binOf(this.#own, farthest) >= near) return false;
      this.#evict(farthest);
    }
    return true;
  }

  #farthest(but?: string): string | null {
    for (const bin of this.#bins) {
      for (const name of bin ?? []) if (name !== but) return name;
    }
    return null;
  }

  #evict(name: string): void {
    this.#set(name, []);
  }

  #set(name: string, list: readonly StoredValue[]): void {
    const before = this.#values.get(name) ?? [];
    for (const each of before) this.#account(each, -1);
    for (const each of list) this.#account(each, 1);
    const at = binOf(this.#own, name);
    while (this.#bins.length <= at) this.#bins.push(new Set());
    if (list.length === 0) {
      this.#values.delete(name);
      this.#bins[at]!.delete(name);
    } else {
      this.#values.set(name, [...list]);
      this.#bins[at]!.add(name);
    }
  }

  #account(value: StoredValue, sign: 1 | -1): void {
    this.#count += sign;
    this.#bytes += sign * costOf(value);
    const usage = this.#nets.get(value.net) ?? { values: 0, bytes: 0 };
    usage.values += sign;
    usage.bytes += sign * costOf(value);
    if (usage.values === 0) this.#nets.delete(value.net);
    else this.#nets.set(value.net, usage);
  }
}

/** Which value of the kind makes room for one more: the oldest of the network that has most, the new one counted. */
function placeToGive(list: readonly StoredValue[], { kind, net }: StoredValue): number {
  const counts = new Map([[net, 1]]);
  const same = list.filter((each) => each.kind === kind);
  for (const each of same) counts.set(each.net, (counts.get(each.net) ?? 0) + 1);
  const most = Math.max(...same.map((each) => counts.get(each.net)!));
  return list.findIndex((each) => each.kind === kind && counts.get(each.net) === most);
}

const costOf = ({ octets }: StoredValue): number => octets.length + OVERHEAD;

const binOf = (own: NodeId, name: string): number =>
  bucketIndex(own, targetOf(new Uint8Array(Buffer.from(name, 'hex'))));

import { GroupedBounds } from './grouped-bounds.ts';
import { netOf } from './peer-table.ts';

export interface HearsayBounds {
  readonly addresses: number;
  /** Addresses that one peer may have here. */
  readonly perAnnouncer: number;
  /** Addresses in one /24, or /48 of IPv6. */
  readonly perNet: number;
}

export const HEARSAY_BOUNDS: HearsayBounds = { addresses: 1_024, perAnnouncer: 64, perNet: 16 };

export interface Rumour {
  /** `tcp://ip:port` */
  readonly address: string;
  /** What the announcer says its key is; null: nothing, or announcers contradict each other. */
  readonly nodeKey: string | null;
  /** Node key of who told of it first. */
  readonly announcer: string;
}

/**
 * Addresses that peers told of and that have not answered this node: handed out to nobody, dialled a few at a time, one
 * announcer after the other. Bounded in all, by announcer and by neighbourhood; what has been here longest makes room.
 */
export class Hearsay {
  readonly #rumours = new Map<string, Rumour>();
  readonly #limit: number;
  readonly #bounds: GroupedBounds;
  /** In the order in which an address of theirs was last taken. */
  readonly #announcers = new Set<string>();

  constructor(bounds: HearsayBounds = HEARSAY_BOUNDS) {
    this.#limit = bounds.addresses;
    this.#bounds = new GroupedBounds({ net: bounds.perNet, announcer: bounds.perAnnouncer });
  }

  get size(): number {
    return this.#rumours.size;
  }

  has(address: string): boolean {
    return this.#rumours.has(address);
  }

  /** Node key of who told of it first; null: nobody did. */
  announcerOf(address: string): string | null {
    return this.#rumours.get(address)?.announcer ?? null;
  }

  all(): Iterable<Rumour> {
    return this.#rumours.values();
  }

  add(rumour: Rumour): void {
    const known = this.#rumours.get(rumour.address);
    if (known !== undefined) {
      const contradicts =
        rumour.nodeKey !== null && known.nodeKey !== null && rumour.nodeKey !== known.nodeKey;
      // Whoever answers there is taken as what it is; the first to tell of an address has no say in its key.
      if (contradicts) this.#rumours.set(rumour.address, { ...known, nodeKey: null });
      return;
    }
    const groups = groupsOf(rumour);
    const full = this.#bounds.full(groups) ?? (this.#rumours.size >= this.#limit ? this.#mostOfOne() : null);
    if (full !== null) this.remove(full.values().next().value!);
    // One group more may be full: nobody gets room twice for one address.
    if (this.#bounds.full(groups) !== null) return;
    this.#rumours.set(rumour.address, rumour);
    this.#bounds.add(rumour.address, groups);
    this.#announcers.add(rumour.announcer);
  }

  /** The next one to try, which is hearsay no longer: it answers now, or is forgotten. Null: there is none. */
  take(): Rumour | null {
    const announcer = this.#announcers.values().next().value;
    if (announcer === undefined) return null;
    const rumour = this.#rumours.get(this.#toldBy(announcer).values().next().value!)!;
    this.remove(rumour.address);
    // Others' turn: in again at the end.
    if (this.#announcers.delete(announcer)) this.#announcers.add(announcer);
    return rumour;
  }

  remove(address: string): void {
    const rumour = this.#rumours.get(address);
    if (rumour === undefined) return;
    this.#rumours.delete(address);
    this.#bounds.remove(address, groupsOf(rumour));
    if (this.#toldBy(rumour.announcer).size === 0) this.#announcers.delete(rumour.announcer);
  }

  #toldBy(announcer: string): ReadonlySet<string> {
    return this.#bounds.membersOf(announcerGroup(announcer));
  }

  #mostOfOne(): ReadonlySet<string> {
    let most: ReadonlySet<string> = new Set();
    for (const announcer of this.#announcers) {
      const own = this.#toldBy(announcer);
      if (own.size > most.size) most = own;
    }
    return most;
  }
}

const announcerGroup = (announcer: string): string => `announcer:${announcer}`;

const groupsOf = ({ address, announcer }: Rumour): string[] => [
  announcerGroup(announcer),
  `net:${netOf(address)}`,
];

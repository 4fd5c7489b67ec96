import { failure } from '../../errors.ts';
import { type Address, formatAddress, parseAddress } from '../../protocol/addresses/address.ts';

/** What was changed live, over what the configuration says. */
export interface SeedChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Seeds added live at most. */
const MAX_ADDED = 256;

/**
 * The bootstrap list: what the configuration says, and what an operator added or removed while the node ran. Addresses
 * are compared by host and port: another key for the same place takes the place of the old one.
 */
export class SeedList {
  #configured: readonly Address[] = [];
  #pinned = false;
  #added: readonly Address[];
  /** Places of the configuration that are left out. */
  #removed: ReadonlySet<string>;

  constructor({ added, removed }: SeedChanges = { added: [], removed: [] }) {
    this.#added = added.flatMap(read);
    this.#removed = new Set(removed);
  }

  /** What the configuration says; `pinned`: by a flag or the environment, which nothing set live wins over. */
  configure(bootstrap: readonly string[], pinned: boolean): void {
    this.#configured = bootstrap.flatMap(read);
    this.#pinned = pinned;
  }

  /** Every place once, what was added live first. */
  entries(): readonly { readonly address: Address; readonly origin: 'configuration' | 'live' }[] {
    const places = new Map<string, { address: Address; origin: 'configuration' | 'live' }>();
    for (const address of this.#added) places.set(placeOf(address), { address, origin: 'live' });
    for (const address of this.#configured) {
      const place = placeOf(address);
      if (places.has(place) || (!this.#pinned && this.#removed.has(place))) continue;
      places.set(place, { address, origin: 'configuration' });
    }
    return [...places.values()];
  }

  /** False: it is there already, as it is written. */
  add(text: string): boolean {
    const address = typed(text);
    const place = placeOf(address);
    const same = this.entries().find((entry) => placeOf(entry.address) === place);
    if (same && formatAddress(same.address) === formatAddress(address)) return false;
    const others = this.#added.filter((each) => placeOf(each) !== place);
    if (others.length >= MAX_ADDED) {
      throw failure('E_USAGE', `${MAX_ADDED} seeds are added already`, {
        next: 'granary seeds remove ADDRESS',
      });
    }
    this.#added = [...others, address];
    return true;
  }

  /** `E_NOT_FOUND` for a place that is not there, `E_CONFIG` for one that only its flag or variable can take away. */
  remove(text: string): void {
    const place = placeOf(typed(text));
    if (!this.entries().some(({ address }) => placeOf(address) === place)) {
      throw failure('E_NOT_FOUND', 'not in the bootstrap list', {
        subject: text,
        next: 'granary seeds lists it',
      });
    }
    const configured = this.#configured.some((each) => placeOf(each) === place);
    if (configured && this.#pinned) {
      throw failure('E_CONFIG', 'a flag or the environment gave that address', {
        subject: text,
        next: 'take it out of --bootstrap or GRANARY_NETWORK_BOOTSTRAP and start again',
      });
    }
    this.#added = this.#added.filter((each) => placeOf(each) !== place);
    if (configured) this.#removed = new Set([...this.#removed, place]);
  }

  /** For the store. A place that the configuration does not name any more need not be left out. */
  changes(): SeedChanges {
    const configured = new Set(this.#configured.map(placeOf));
    return {
      added: this.#added.map(formatAddress),
      removed: [...this.#removed].filter((place) => configured.has(place)),
    };
  }
}

/** `tcp://host:port` or `quic://host:port`, without a key. */
export const placeOf = (address: Address): string => formatAddress({ ...address, nodeKey: null });

const read = (text: string): Address[] => {
  const parsed = parseAddress(text, { hostNames: true });
  return parsed.ok ? [parsed.address] : [];
};

function typed(text: string): Address {
  const [address] = read(text);
  if (address !== undefined) return address;
  throw failure('E_ADDRESS_INVALID', 'that is no address of a node', {
    subject: text,
    next: 'write tcp://HOST:PORT or tcp://HOST:PORT@NODE_KEY',
  });
}

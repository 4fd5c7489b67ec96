import { failure } from '../../errors.ts';
import { type Address, formatAddress } from '../../protocol/addresses/address.ts';
import { parseIp } from '../../protocol/addresses/ip.ts';
import { mayDial } from '../../protocol/addresses/may-dial.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { PeerTarget } from '../transport/contract.ts';
import { backoffMs } from './backoff.ts';
import { type PexContext, unixNow } from './context.ts';
import type { SeedRow } from './contract.ts';
import { type Lookup, resolveHost } from './resolve-host.ts';
import { placeOf, type SeedList } from './seed-list.ts';

/** A host name is asked for again after so long. */
const RESOLVED_FOR_MS = 5 * 60_000;
/** Any port that an address from the network may have: whether a resolved host may be dialled is not its port's fault. */
const SOME_PORT = 7_001;

interface SeedState {
  /** `tcp://ip:port` each. */
  resolved: readonly string[];
  resolvedAt: number;
  lastAnswer: number | null;
  error: { readonly code: string; readonly message: string } | null;
  failures: number;
  /** The clock's milliseconds. */
  notBefore: number;
}

const untried = (): SeedState => ({
  resolved: [],
  resolvedAt: Number.NEGATIVE_INFINITY,
  lastAnswer: null,
  error: null,
  failures: 0,
  notBefore: Number.NEGATIVE_INFINITY,
});

/** One entry of the bootstrap list that may be dialled now. */
export interface DueSeed {
  readonly place: string;
  readonly address: Address;
}

/** The bootstrap list with what became of each of it in this life. */
export class Seeds {
  readonly #context: PexContext;
  readonly #lookup: Lookup;
  readonly #random: () => number;
  readonly #own: () => ReadonlySet<string>;
  readonly #states = new Map<string, SeedState>();
  readonly list: SeedList;

  constructor(
    context: PexContext,
    parts: { list: SeedList; lookup: Lookup; random: () => number; own: () => ReadonlySet<string> },
  ) {
    this.#context = context;
    this.#lookup = parts.lookup;
    this.#random = parts.random;
    this.#own = parts.own;
    this.list = parts.list;
  }

  /** Those whose time has come and that are not connected. */
  due(connected: ReadonlySet<string>): readonly DueSeed[] {
    const now = this.#context.clock.now();
    return this.list
      .entries()
      .map(({ address }) => ({ place: placeOf(address), address }))
      .filter(({ place }) => {
        const { notBefore, resolved } = this.#state(place);
        return notBefore <= now && !resolved.some((each) => connected.has(each));
      });
  }

  /** Where a seed is dialled: one target for each address it has. Rejects with why there is none. */
  async targetsOf({ place, address }: DueSeed): Promise<readonly PeerTarget[]> {
    const { clock } = this.#context;
    const state = this.#state(place);
    if (clock.now() - state.resolvedAt >= RESOLVED_FOR_MS) {
      const hosts = await resolveHost(address.host, clock, this.#lookup);
      const allowed = hosts.filter((host) => this.#mayDial(address, host));
      if (allowed.length === 0) {
        throw failure(
          'E_ADDRESS_INVALID',
          `${address.host} leads to ${hosts.join(', ')}, where nobody is to be dialled`,
          {
            subject: place,
            next: 'network.scope says which addresses may be dialled; write an IP address to dial it anyway',
          },
        );
      }
      state.resolved = allowed.map((host) => formatAddress({ ...address, host, nodeKey: null }));
      state.resolvedAt = clock.now();
    }
    const nodeKey = address.nodeKey === null ? undefined : toHex(address.nodeKey);
    return state.resolved.map((each) => ({ address: each, ...(nodeKey !== undefined && { nodeKey }) }));
  }

  answered(place: string): void {
    const state = this.#state(place);
    state.lastAnswer = unixNow(this.#context);
    state.error = null;
    state.failures = 0;
    state.notBefore = Number.NEGATIVE_INFINITY;
  }

  failed(place: string, error: ActorError): void {
    const { clock, log } = this.#context;
    const state = this.#state(place);
    // Told once, not at every attempt.
    if (state.error?.code !== error.code) {
      const said =
        error.code === 'E_PEER_IDENTITY'
          ? 'another node answers at a pinned bootstrap address'
          : 'a bootstrap node does not answer';
      log.warn({ seed: place, code: error.code, reason: error.message }, said);
    }
    state.error = { code: error.code, message: error.message };
    state.failures++;
    state.notBefore = clock.now() + backoffMs(state.failures, this.#random);
    // Where its name leads may be another place by then.
    state.resolvedAt = Number.NEGATIVE_INFINITY;
  }

  /** The place of the seed that this address, `tcp://ip:port`, belongs to; null: of none. */
  placeAt(address: string): string | null {
    for (const { address: seed } of this.list.entries()) {
      const place = placeOf(seed);
      if (place === address || this.#states.get(place)?.resolved.includes(address)) return place;
    }
    return null;
  }

  /** What was learnt of those that are on the list no more is forgotten; the others are due at once. */
  listChanged(): void {
    const places = new Set(this.list.entries().map(({ address }) => placeOf(address)));
    for (const [place, state] of this.#states) {
      if (places.has(place)) state.notBefore = Number.NEGATIVE_INFINITY;
      else this.#states.delete(place);
    }
  }

  /** As `tcp://ip:port[@key]`, as far as the names resolve by now. */
  addresses(): readonly string[] {
    return this.list.entries().flatMap(({ address }) => {
      const key = address.nodeKey === null ? '' : `@${toHex(address.nodeKey)}`;
      if (parseIp(address.host) !== null) return [`${placeOf(address)}${key}`];
      return this.#state(placeOf(address)).resolved.map((each) => `${each}${key}`);
    });
  }

  rows(connected: ReadonlySet<string>): readonly SeedRow[] {
    const { clock } = this.#context;
    return this.list.entries().map(({ address, origin }) => {
      const state = this.#state(placeOf(address));
      const waits = state.notBefore - clock.now();
      const isConnected = [placeOf(address), ...state.resolved].some((each) => connected.has(each));
      return {
        address: formatAddress(address),
        origin,
        state: isConnected
          ? 'connected'
          : state.error
            ? 'failing'
            : state.lastAnswer
              ? 'answered'
              : 'untried',
        resolved: parseIp(address.host) === null ? state.resolved : [],
        lastAnswer: state.lastAnswer,
        error: state.error,
        nextTry: waits > 0 ? Math.ceil((clock.wall() + waits) / 1000) : null,
      };
    });
  }

  /** What an operator typed may be dialled; where a name leads, the network says. */
  #mayDial(address: Address, host: string): boolean {
    const own = this.#own();
    const { scope } = this.#context.config;
    const { transport, port } = address;
    if (!mayDial({ transport, host, port }, 'operator', { scope, own })) return false;
    const typed = parseIp(address.host) !== null;
    return typed || mayDial({ transport, host, port: SOME_PORT }, 'pex', { scope, own: new Set() });
  }

  #state(place: string): SeedState {
    const known = this.#states.get(place);
    if (known !== undefined) return known;
    const state = untried();
    this.#states.set(place, state);
    return state;
  }
}

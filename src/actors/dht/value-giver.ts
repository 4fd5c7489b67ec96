import { failure } from '../../errors.ts';
import { targetOf } from '../../protocol/objects/ids.ts';
import { STORE } from '../../protocol/wire/message-types.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import { askPeer } from '../ask-peer.ts';
import { eachBounded } from '../each-bounded.ts';
import { targetAt } from '../peer-candidates.ts';
import type { DhtContext } from './context.ts';
import type { Candidate } from './lookup.ts';
import { type Lookups, PATHS } from './lookups.ts';
import type { ReceiverBudgets } from './receiver-budgets.ts';

/** Nodes that are given a value at the same time. */
const AT_ONCE = 4;
const STORE_MS = 6_000;
const MAX_WAIT_MS = 15_000;

export interface Given {
  readonly stored: number;
  /** It said no. */
  readonly refused: number;
  /** It did not answer, or its turn is too far away. */
  readonly failed: number;
}

/** Gives values to the nodes nearest to their keys, no node more than it can be expected to take. */
export class ValueGiver {
  readonly #context: DhtContext;
  readonly #lookups: Lookups;
  readonly #budgets: ReceiverBudgets;

  constructor(context: DhtContext, lookups: Lookups, budgets: ReceiverBudgets) {
    this.#context = context;
    this.#lookups = lookups;
    this.#budgets = budgets;
  }

  /** `E_USAGE` for what no node would take. */
  async give(key: Uint8Array, value: Uint8Array, ttlSeconds: number, signal: AbortSignal): Promise<Given> {
    if (this.#lookups.judge(key, value) === null) {
      throw failure('E_USAGE', 'no node takes such a value under this key');
    }
    // Tables of a young network are thin, and one path may end among nodes that do not know the nearest: what is given
    // there is found by nobody.
    const nearest = await this.#lookups.findNode(targetOf(key), signal, PATHS);
    this.#lookups.foundNow(key);
    const given = { stored: 0, refused: 0, failed: 0 };
    await eachBounded(nearest, AT_ONCE, async (node) => {
      given[await this.#giveTo(node, key, value, ttlSeconds, signal)]++;
    });
    return given;
  }

  async #giveTo(
    { address, nodeKey }: Candidate,
    key: Uint8Array,
    value: Uint8Array,
    ttlSeconds: number,
    signal: AbortSignal,
  ): Promise<keyof Given> {
    const { refs, clock } = this.#context;
    const receiver = nodeKey ?? address;
    const wait = this.#budgets.reserve(receiver, clock.now(), MAX_WAIT_MS, null);
    if (wait === null) return 'failed';
    try {
      if (wait > 0) await sleep(clock, wait, signal);
      const request = { key, value, ttlSecs: BigInt(ttlSeconds) };
      await askPeer(refs.transport, targetAt(address, nodeKey), STORE, request, {
        deadlineMs: STORE_MS,
        signal,
      });
      return 'stored';
    } catch (error) {
      if (!(error instanceof ActorError)) {
        if (signal.aborted) return 'failed';
        throw error;
      }
      if (error.code !== 'E_PEER_ERROR') return 'failed';
      if (error.message.includes('rate limit')) this.#budgets.pause(receiver, clock.now());
      return 'refused';
    }
  }
}

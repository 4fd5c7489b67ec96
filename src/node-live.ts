import { dhtConfig } from './actors/dht/config.ts';
import { dhtContract } from './actors/dht/contract.ts';
import { hashingConfig } from './actors/hashing/config.ts';
import { hashingContract } from './actors/hashing/contract.ts';
import { limitsConfig } from './actors/limits/config.ts';
import { limitsContract } from './actors/limits/contract.ts';
import { pexConfig } from './actors/pex/config.ts';
import { pexContract } from './actors/pex/contract.ts';
import { searchConfig } from './actors/search/config.ts';
import { searchContract } from './actors/search/contract.ts';
import { syncConfig } from './actors/sync/config.ts';
import { syncContract } from './actors/sync/contract.ts';
import { liveTransferConfig } from './actors/transfer/config.ts';
import { transferContract } from './actors/transfer/contract.ts';
import { transportConfig } from './actors/transport/config.ts';
import { transportContract } from './actors/transport/contract.ts';
import { checked } from './checked-config.ts';
import type { LiveSettings } from './node.ts';
import type { Log } from './supervisor/contract/actor.ts';
import { ActorError, toErrorRecord } from './supervisor/contract/actor-error.ts';
import type { AskSpec, Contract } from './supervisor/contract/contract.ts';
import type { Supervisor } from './supervisor/tree/supervisor.ts';

/** Actors that take another configuration while they run, by the message `configure`. */
const LIVE = {
  hashing: { contract: hashingContract, shape: hashingConfig },
  dht: { contract: dhtContract, shape: dhtConfig },
  pex: { contract: pexContract, shape: pexConfig },
  sync: { contract: syncContract, shape: syncConfig },
  // Where the node lies is no setting of its search alone.
  search: { contract: searchContract, shape: searchConfig.pick({ stemming: true }) },
  limits: { contract: limitsContract, shape: limitsConfig },
  transport: { contract: transportContract, shape: transportConfig },
  transfer: { contract: transferContract, shape: liveTransferConfig },
} as const;

/** What their contracts have in common; the configuration is checked by the actor's own schema before. */
type Configured = { readonly configure: AskSpec<unknown, null> };

export type LiveActor = keyof typeof LIVE;
const ACTORS = Object.keys(LIVE) as LiveActor[];

/** The configurations of those actors as they are now; the tree starts each life with what it was at first. */
export class LiveConfigs {
  readonly #supervisor: Supervisor;
  readonly #log: Log;
  #configs: ReadonlyMap<LiveActor, unknown>;

  /** `E_CONFIG` for values out of bounds. */
  constructor(supervisor: Supervisor, log: Log, settings: LiveSettings) {
    this.#supervisor = supervisor;
    this.#log = log;
    this.#configs = parsed(settings);
  }

  /** All of them or, with `E_CONFIG`, none. */
  async apply(settings: LiveSettings): Promise<void> {
    this.#configs = parsed(settings);
    for (const actor of ACTORS) {
      for (const member of this.#supervisor.members(actor)) await this.#tell(actor, member);
    }
  }

  /** This actor lives again: it is told what changed since the start of the node. */
  again(id: string): void {
    const [name, member = '0'] = id.split('/');
    const actor = ACTORS.find((each) => each === name);
    if (actor === undefined) return;
    this.#tell(actor, Number(member)).catch((error: unknown) => {
      this.#log.warn({ actor: id, error: toErrorRecord(error) }, 'an actor may work with older settings');
    });
  }

  async #tell(actor: LiveActor, member: number): Promise<void> {
    try {
      const contract = LIVE[actor].contract as unknown as Contract<string, Configured>;
      await this.#supervisor.ref(contract, member).ask('configure', this.#configs.get(actor));
    } catch (error) {
      // Every life is told when it is up.
      if (!(error instanceof ActorError && error.code === 'E_ACTOR_DOWN')) throw error;
    }
  }
}

const parsed = (settings: LiveSettings): ReadonlyMap<LiveActor, unknown> =>
  new Map(ACTORS.map((actor) => [actor, checked(actor, LIVE[actor].shape, settings[actor] ?? {})]));

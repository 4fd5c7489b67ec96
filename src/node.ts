import type { z } from 'zod';
import { actorCode, CONTRACTS } from './actor-code.ts';
import { acceptorConfig } from './actors/acceptor/config.ts';
import { acceptorContract } from './actors/acceptor/contract.ts';
import { controlConfig } from './actors/control/config.ts';
import { controlContract } from './actors/control/contract.ts';
import { dhtConfig } from './actors/dht/config.ts';
import { dhtContract } from './actors/dht/contract.ts';
import { hashingConfig } from './actors/hashing/config.ts';
import { hashingContract } from './actors/hashing/contract.ts';
import { limitsConfig } from './actors/limits/config.ts';
import { limitsContract } from './actors/limits/contract.ts';
import { pexConfig } from './actors/pex/config.ts';
import { pexContract } from './actors/pex/contract.ts';
import { publishConfig } from './actors/publish/config.ts';
import { publishContract } from './actors/publish/contract.ts';
import { quicConfig } from './actors/quic/config.ts';
import { quicContract } from './actors/quic/contract.ts';
import { searchConfig } from './actors/search/config.ts';
import { searchContract } from './actors/search/contract.ts';
import { storeConfig } from './actors/store/config.ts';
import { storeContract } from './actors/store/contract.ts';
import {
  type ConfigReload,
  type NodeStatus,
  type SettingRow,
  supervisorContract,
  type TuneRow,
} from './actors/supervisor/contract.ts';
import { syncConfig } from './actors/sync/config.ts';
import { syncContract } from './actors/sync/contract.ts';
import { transferConfig } from './actors/transfer/config.ts';
import { transferContract } from './actors/transfer/contract.ts';
import { transportConfig } from './actors/transport/config.ts';
import { transportContract } from './actors/transport/contract.ts';
import { checked } from './checked-config.ts';
import { failure } from './errors.ts';
import { memoryLimits } from './memory-limits.ts';
import { type LiveActor, LiveConfigs } from './node-live.ts';
import { defaultShards, Tuning } from './node-tuning.ts';
import type { Log } from './supervisor/contract/actor.ts';
import { type ErrorRecord, toErrorRecord } from './supervisor/contract/actor-error.ts';
import { sleep, systemClock } from './supervisor/contract/clock.ts';
import { createLog } from './supervisor/observe/log.ts';
import type { LogLevel } from './supervisor/observe/log-level.ts';
import type { MemoryLimits } from './supervisor/tree/memory-watch.ts';
import { mainService, type StopReport, Supervisor } from './supervisor/tree/supervisor.ts';
import type { BranchSpec, RestartLimits, Strategy, TreeSpec } from './supervisor/tree/tree-spec.ts';
import { VERSION } from './version.ts';

/** How often a part may restart before it counts as one death of what is above it. */
const BRANCH_LIMITS: RestartLimits = { intensity: 5, periodMs: 30_000 };
const ROOT_LIMITS: RestartLimits = { intensity: 3, periodMs: 60_000 };

type ConfigInput<S extends z.ZodType> = z.input<S>;

/** What a node is made of. Every group is the configuration of one actor; what is absent takes its default. */
export interface NodeSettings {
  /** Absolute path of the data folder. */
  readonly home: string;
  readonly logLevel?: LogLevel;
  /** Settings, by `group.name`, that flags or the environment gave: what was set live does not count against them. */
  readonly pinned?: readonly string[];
  /** Transport shards; default: cores - 1, at least 1. */
  readonly shards?: number | undefined;
  readonly store?: Omit<ConfigInput<typeof storeConfig>, 'home'>;
  readonly hashing?: ConfigInput<typeof hashingConfig>;
  readonly limits?: ConfigInput<typeof limitsConfig>;
  readonly transport?: ConfigInput<typeof transportConfig>;
  readonly acceptor?: ConfigInput<typeof acceptorConfig>;
  readonly quic?: ConfigInput<typeof quicConfig>;
  readonly dht?: ConfigInput<typeof dhtConfig>;
  readonly pex?: ConfigInput<typeof pexConfig>;
  readonly publish?: ConfigInput<typeof publishConfig>;
  readonly search?: Omit<ConfigInput<typeof searchConfig>, 'home'>;
  readonly sync?: ConfigInput<typeof syncConfig>;
  readonly transfer?: Omit<ConfigInput<typeof transferConfig>, 'home'>;
  readonly control: Omit<ConfigInput<typeof controlConfig>, 'version'>;
  /** When load is shed and when an actor is cut for its size; default: by the memory there is. */
  readonly memory?: MemoryLimits;
}

/** What was tuned live, among the settings that the store keeps. */
const TUNED_AS = 'tuned';
/** How long a change is waited for. */
const TUNE_MS = 5_000;

/** What a running node takes over. */
export type LiveSettings = Pick<NodeSettings, LiveActor | 'shards'>;

/** Who knows where the settings of a node come from: for the commands that ask about them, and for `reload`. */
export interface SettingsOwner {
  rows(): readonly SettingRow[];
  /** Reads them again and has the live ones applied. Rejects with an `ActorError` when they are not valid. */
  reload(apply: (settings: LiveSettings) => Promise<void>): Promise<ConfigReload>;
}

export interface NodeEvents {
  /** An actor died and lives again. */
  'actor-restarted': { readonly actor: string; readonly cause: string; readonly error: ErrorRecord | null };
  /** The restart budget is exceeded: the node stops for good. The program should exit with 70. */
  'gave-up': { readonly actor: string; readonly error: ErrorRecord | null };
  stopping: Record<string, never>;
}

/**
 * The supervision tree: which actors, in which order, with which settings. The root restarts what was started on the
 * strength of a part that gave up: without the store nobody is right, without a catalog only the control socket is in
 * need of news.
 */
export function treeOf(settings: NodeSettings): TreeSpec {
  const { home } = settings;
  const shards = settings.shards ?? defaultShards();
  const branch = (name: string, strategy: Strategy, children: BranchSpec['children']): BranchSpec => ({
    name,
    strategy,
    ...BRANCH_LIMITS,
    children,
  });
  return {
    name: 'root',
    strategy: 'rest_for_one',
    ...ROOT_LIMITS,
    contracts: CONTRACTS,
    children: [
      branch('storage', 'rest_for_one', [
        {
          contract: storeContract,
          ...actorCode('store'),
          config: checked('store', storeConfig, { ...settings.store, home }),
        },
      ]),
      branch('hashing', 'one_for_one', [
        {
          contract: hashingContract,
          ...actorCode('hashing'),
          config: checked('hashing', hashingConfig, settings.hashing ?? {}),
        },
      ]),
      // Its death changes nothing for the shards: they hold themselves to the caps they know until it is back.
      branch('limits', 'one_for_one', [
        {
          contract: limitsContract,
          ...actorCode('limits'),
          config: checked('limits', limitsConfig, settings.limits ?? {}),
        },
      ]),
      branch('network', 'rest_for_one', [
        {
          contract: transportContract,
          ...actorCode('transport'),
          config: checked('transport', transportConfig, settings.transport ?? {}),
          members: shards,
          limits: BRANCH_LIMITS,
        },
        // The acceptor listens before publish starts, because links carry its addresses; a request that comes
        // in between is told to try again.
        {
          contract: acceptorContract,
          ...actorCode('acceptor'),
          config: checked('acceptor', acceptorConfig, settings.acceptor ?? {}),
        },
        // Last: when it dies nothing but QUIC is gone.
        {
          contract: quicContract,
          ...actorCode('quic'),
          config: checked('quic', quicConfig, settings.quic ?? {}),
        },
      ]),
      // Without it the node goes on with the peers it knows by other ways.
      branch('discovery', 'one_for_one', [
        {
          contract: dhtContract,
          ...actorCode('dht'),
          config: checked('dht', dhtConfig, settings.dht ?? {}),
        },
        {
          contract: pexContract,
          ...actorCode('pex'),
          config: checked('pex', pexConfig, settings.pex ?? {}),
        },
      ]),
      branch('catalog', 'one_for_one', [
        {
          contract: publishContract,
          ...actorCode('publish'),
          config: checked('publish', publishConfig, settings.publish ?? {}),
        },
        {
          contract: searchContract,
          ...actorCode('search'),
          config: checked('search', searchConfig, { ...settings.search, home }),
        },
        {
          contract: syncContract,
          ...actorCode('sync'),
          config: checked('sync', syncConfig, settings.sync ?? {}),
        },
        {
          contract: transferContract,
          ...actorCode('transfer'),
          config: checked('transfer', transferConfig, { ...settings.transfer, home }),
        },
      ]),
      branch('control', 'one_for_one', [
        {
          contract: controlContract,
          ...actorCode('control'),
          config: checked('control', controlConfig, { ...settings.control, version: VERSION }),
        },
      ]),
    ],
  };
}

type Listener<K extends keyof NodeEvents> = (event: NodeEvents[K]) => void;

/** A running node. Made by `createNode`. */
export class GranaryNode {
  readonly nodeKey: string;
  readonly nodeId: string;
  /** What it tells others: `tcp://ip:port` each. */
  readonly addresses: readonly string[];
  readonly control: string;
  /** From call to ready. */
  readonly seconds: number;
  /** Settles when the node has stopped, whoever asked for it. */
  readonly stopped: Promise<StopReport>;
  readonly supervisor: Supervisor;
  readonly #life: NodeLife;

  constructor(
    life: NodeLife,
    facts: Pick<GranaryNode, 'nodeKey' | 'nodeId' | 'addresses' | 'control' | 'seconds'>,
  ) {
    this.#life = life;
    this.supervisor = life.supervisor;
    this.stopped = life.stopped;
    this.nodeKey = facts.nodeKey;
    this.nodeId = facts.nodeId;
    this.addresses = facts.addresses;
    this.control = facts.control;
    this.seconds = facts.seconds;
  }

  /** Returns a remover. */
  on<K extends keyof NodeEvents>(name: K, listener: Listener<K>): () => void {
    return this.#life.on(name, listener);
  }

  status(): NodeStatus {
    return this.#life.status();
  }

  /**
   * Changes what can change while the node runs, for this life of the node; groups that are not given stay. `E_CONFIG` for values out of bounds; an
   * actor that is being restarted has them when it is back.
   */
  configure(settings: LiveSettings): Promise<void> {
    return this.#life.configure(settings);
  }

  /** Threads and queues, as they are wanted and as they are. */
  tuning(): Promise<readonly TuneRow[]> {
    return this.#life.tuning();
  }

  /** Changes some of them by name; `save`: for the next starts on this data folder too. `E_USAGE`. */
  tune(values: Readonly<Record<string, number>>, save = true): Promise<readonly TuneRow[]> {
    return this.#life.tune(values, save);
  }

  /** Has the owner of the settings read them again. `E_NO_SETTINGS` without one. */
  reload(): Promise<ConfigReload> {
    return this.#life.reload();
  }

  /** Quiesce, drain, stop in reverse order of start. Idempotent. */
  stop(): Promise<StopReport> {
    return this.#life.stop();
  }

  /** No more waiting: cuts every actor that still runs. */
  cut(): void {
    this.supervisor.cut();
  }
}

/** What lives from before the first actor until after the last. */
class NodeLife {
  readonly supervisor: Supervisor;
  readonly stopped: Promise<StopReport>;
  readonly #home: string;
  readonly #since = performance.now();
  readonly #listeners = new Map<string, Set<(event: never) => void>>();
  readonly #log: Log;
  readonly #owner: SettingsOwner | null;
  readonly #live: LiveConfigs;
  readonly #tuning: Tuning;
  /** As the configuration has them. */
  #written: LiveSettings;
  #settle: (report: StopReport) => void = () => {};
  #stopping: Promise<StopReport> | null = null;

  constructor(settings: NodeSettings, owner: SettingsOwner | null) {
    this.#home = settings.home;
    this.#owner = owner;
    this.#tuning = new Tuning(settings.pinned ?? []);
    this.#written = settings;
    this.stopped = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const logLevel = settings.logLevel ?? 'info';
    this.#log = createLog(logLevel, { actor: 'supervisor' });
    this.supervisor = new Supervisor(treeOf(settings), {
      log: this.#log,
      logLevel,
      memory: settings.memory ?? memoryLimits(),
      events: {
        actorRestarted: (event) => {
          this.#live.again(event.actor);
          this.#emit('actor-restarted', event);
        },
        gaveUp: (event) => {
          this.#emit('gave-up', event);
          void this.stop();
        },
      },
      service: mainService(supervisorContract, {
        status: () => this.status(),
        memory: () => this.supervisor.memory(),
        stop: () => void this.stop(),
        settings: () => this.#ownerOrFail().rows(),
        reload: () => this.reload(),
        tuning: () => this.tuning(),
        tune: ({ values, save }) => this.tune(values, save),
      }),
    });
    this.#live = new LiveConfigs(this.supervisor, this.#log, settings);
  }

  on<K extends keyof NodeEvents>(name: K, listener: Listener<K>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener as (event: never) => void);
    return () => listeners.delete(listener as (event: never) => void);
  }

  status(): NodeStatus {
    const { rss, heapUsed, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return {
      version: VERSION,
      pid: process.pid,
      home: this.#home,
      uptime: (performance.now() - this.#since) / 1000,
      actors: this.supervisor.status(),
      tree: this.supervisor.tree(),
      memory: { rss, heap: heapUsed, external },
      cpu: { user: user / 1e6, system: system / 1e6 },
    };
  }

  async configure(settings: LiveSettings): Promise<void> {
    const written = { ...this.#written, ...settings };
    await this.#live.apply(this.#tuning.over(written));
    this.#written = written;
    await this.#inTime(this.#resize());
  }

  /** Takes over what was tuned live before this start. */
  async restoreTuning(): Promise<void> {
    this.#tuning.restore(await this.supervisor.ref(storeContract).ask('settingKept', { name: TUNED_AS }));
    if (!this.#tuning.any) return;
    await this.#live.apply(this.#tuning.over(this.#written));
    await this.#resize();
  }

  async tuning(): Promise<readonly TuneRow[]> {
    const { actors } = this.status();
    const shards = actors.filter(({ name, state }) => name.startsWith('transport/') && state === 'up').length;
    const info = this.supervisor.ref(hashingContract).ask('info', null);
    const hashing = await info.then(
      ({ threads }) => threads,
      () => null,
    );
    return this.#tuning.rows(this.#written, { shards, hashing });
  }

  async tune(values: Readonly<Record<string, number>>, save: boolean): Promise<readonly TuneRow[]> {
    this.#tuning.set(values);
    await this.#live.apply(this.#tuning.over(this.#written));
    if (save) {
      const value = this.#tuning.text();
      await this.supervisor.ref(storeContract).ask('keepSetting', { name: TUNED_AS, value });
    }
    await this.#inTime(this.#resize());
    return await this.tuning();
  }

  /** Gives the node as many shards as are wanted. */
  async #resize(): Promise<void> {
    const { name } = transportContract;
    await this.supervisor.resize(name, this.#tuning.over(this.#written).shards ?? defaultShards());
  }

  /** Whoever asked waits for it a while; then it goes on, and what becomes of it is in the log. */
  async #inTime(resizing: Promise<void>): Promise<void> {
    const settled = new AbortController();
    const late = sleep(systemClock, TUNE_MS, settled.signal).then(
      () => true,
      () => false,
    );
    const inTime = resizing.finally(() => settled.abort()).then(() => false);
    if (!(await Promise.race([inTime, late]))) return await resizing;
    inTime.catch((error: unknown) => {
      this.#log.warn({ error: toErrorRecord(error) }, 'the number of transport shards is not as wanted');
    });
  }

  async reload(): Promise<ConfigReload> {
    return await this.#ownerOrFail().reload((settings) => this.configure(settings));
  }

  #ownerOrFail(): SettingsOwner {
    if (this.#owner !== null) return this.#owner;
    throw failure('E_NO_SETTINGS', 'this node was given its settings by the program it is part of');
  }

  stop(): Promise<StopReport> {
    this.#stopping ??= this.#stopOnce();
    return this.#stopping;
  }

  async #stopOnce(): Promise<StopReport> {
    this.#emit('stopping', {});
    const report = await this.supervisor.stop();
    this.#settle(report);
    return report;
  }

  #emit<K extends keyof NodeEvents>(name: K, event: NodeEvents[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) (listener as Listener<K>)(event);
  }
}

/**
 * Starts a node in this process, every actor on a worker thread of its own. Resolves when all of them are up;
 * rejects with the error of the first that does not start (`E_HOME_LOCKED`, `E_LISTEN`, ...), after stopping
 * the others. Aborting the signal stops a start that is under way. `owner`: who can read the settings again.
 */
export async function createNode(
  settings: NodeSettings,
  signal?: AbortSignal,
  owner: SettingsOwner | null = null,
): Promise<GranaryNode> {
  const from = performance.now();
  const life = new NodeLife(settings, owner);
  const onAbort = () => void life.stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await life.supervisor.start();
    await life.restoreTuning();
    const identity = await life.supervisor.ref(storeContract).ask('identity', null);
    const { advertised } = await life.supervisor.ref(acceptorContract).ask('addresses', null);
    return new GranaryNode(life, {
      nodeKey: identity.nodeKey,
      nodeId: identity.nodeId,
      addresses: advertised,
      control: settings.control.socket,
      seconds: (performance.now() - from) / 1000,
    });
  } catch (error) {
    await life.stop();
    if (signal?.aborted) throw failure('E_ABORTED', 'the start was cancelled', { cause: error });
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

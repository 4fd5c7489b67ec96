import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { noAnswer } from '../no-answer.ts';
import { CapSets } from './cap-sets.ts';
import type { LimitsConfig, LimitsContext } from './context.ts';
import type { LimitsView } from './contract.ts';
import { type InForce, inForce } from './in-force.ts';
import { DIRECTIONS, Quotas, type Traffic } from './quotas.ts';
import { LimitRules } from './rules.ts';

/** A quota is looked at so often: what goes beyond it is what goes in that time. */
const METER_MS = 250;
/** What was used is written down as often: kill -9 costs no more of it. */
const KEEP_MS = 500;
/** The schedule is looked at so often. */
const LOOK_MS = 1_000;
/** Volumes of a collection that a cap is about come and go. */
const VOLUMES_MS = 60_000;
/** The rules' name among the live settings of the store. */
export const KEPT_AS = 'limits';

/** Which caps are in force, by rules, schedule and quotas, and what was used of the latter. */
export class Limits {
  readonly sets: CapSets;
  readonly #context: LimitsContext;
  readonly #rules: LimitRules;
  readonly #quotas: Quotas;
  readonly #volumes = new Map<string, readonly string[]>();
  #spent = new Set<string>();
  #volumesAt = Number.NEGATIVE_INFINITY;
  #keptAt = Number.NEGATIVE_INFINITY;
  #kept: readonly Traffic[];
  #keeping: Promise<unknown> = Promise.resolve();
  #now: InForce = { caps: [], rows: [] };
  #disarm: (() => void) | null = null;

  constructor(context: LimitsContext, live: Readonly<Record<string, string>>, traffic: readonly Traffic[]) {
    this.#context = context;
    this.sets = new CapSets(context.clock);
    this.#rules = new LimitRules(context.config, live);
    this.#quotas = new Quotas(traffic, context.clock.wall());
    this.#kept = this.#quotas.traffic();
    this.look();
  }

  view(): LimitsView {
    this.#count();
    const wall = this.#context.clock.wall();
    const schedule = this.#rules.schedule();
    const { rows } = this.#compute(wall);
    return {
      limits: rows,
      quotas: this.#quotas.rows(this.#rules.quotas(), wall),
      schedule: schedule.map((entry) => ({
        entry: entry.text,
        now: DIRECTIONS.some((direction) =>
          rows.some((row) => row.direction === direction && row.why === `schedule: ${entry.text}`),
        ),
      })),
    };
  }

  /** `E_USAGE`; with `save`, in the store when it resolves. */
  async set(values: Readonly<Record<string, string>>, save: boolean): Promise<void> {
    this.#rules.set(values);
    this.#volumesAt = Number.NEGATIVE_INFINITY;
    this.look();
    if (save) {
      const value = JSON.stringify(this.#rules.live());
      await this.#context.refs.store.ask('keepSetting', { name: KEPT_AS, value });
    }
  }

  configure(config: LimitsConfig): void {
    this.#rules.configure(config);
    this.look();
  }

  /** Brings into force what holds by now, and sees to it that the next look comes in time. */
  look(): void {
    this.#disarm?.();
    const { clock, metrics, log } = this.#context;
    const wall = clock.wall();
    this.#count();
    for (const period of this.#quotas.turn(wall)) log.debug({ period }, 'a new period begins');
    this.#findVolumes();
    this.#now = this.#compute(wall);
    const quotas = this.#rules.quotas();
    const metered = DIRECTIONS.some((way) => quotas.day[way] !== null || quotas.month[way] !== null);
    if (this.sets.put(this.#now.caps, metered)) {
      metrics.add('sets', 1);
      log.info({ limits: this.#now.rows }, 'other bandwidth limits are in force');
    }
    this.#tellSpent(wall);
    this.#keep();
    const ms = metered ? METER_MS : LOOK_MS;
    if (metered || this.#rules.schedule().length > 0 || this.#volumes.size > 0) {
      this.#disarm = clock.after(ms, () => this.look());
    }
  }

  /** Nothing more changes; what was used is written down. */
  async stop(): Promise<void> {
    this.#disarm?.();
    this.#disarm = null;
    this.#count();
    this.#keptAt = Number.NEGATIVE_INFINITY;
    this.#keep();
    await this.#keeping;
  }

  #count(): void {
    for (const direction of DIRECTIONS) this.#quotas.count(direction, this.sets.takeMetered(direction));
  }

  #compute(wall: number): InForce {
    const quotas = this.#quotas.rows(this.#rules.quotas(), wall);
    const idsOf = (shareId: string) => [shareId, ...(this.#volumes.get(shareId) ?? [])];
    return inForce(this.#rules.caps(), this.#rules.schedule(), quotas, idsOf, wall);
  }

  #tellSpent(wall: number): void {
    const { metrics, log } = this.#context;
    const spent = this.#quotas.rows(this.#rules.quotas(), wall).filter(({ left }) => left === 0);
    const names = new Set(spent.map(({ period, direction }) => `${period}.${direction}`));
    for (const { period, direction, quota, until } of spent) {
      if (this.#spent.has(`${period}.${direction}`)) continue;
      metrics.add('quotas_used_up', 1);
      const fields = { period, direction, quota, until: new Date(until).toISOString() };
      log.warn(fields, 'a quota is used up: nothing goes that way until it begins anew');
    }
    for (const name of this.#spent) if (!names.has(name)) log.info({ quota: name }, 'a quota has room again');
    this.#spent = names;
  }

  #keep(): void {
    const { clock, refs, signal } = this.#context;
    const now = clock.now();
    const traffic = this.#quotas.traffic();
    if (now - this.#keptAt < KEEP_MS || same(traffic, this.#kept)) return;
    this.#keptAt = now;
    this.#kept = traffic;
    this.#keeping = refs.store.ask('keepTraffic', traffic).catch((error: unknown) => {
      if (!(error instanceof ActorError)) throw error;
      // The store is being restarted: the next time is soon.
      if (!signal.aborted) this.#kept = [];
    });
  }

  /** Asks for the volumes of the shares that caps are about; what comes is in force with the next look. */
  #findVolumes(): void {
    const { clock, refs, spawn } = this.#context;
    const shares = new Set(this.#rules.caps().flatMap(({ scope, id }) => (scope === 'share' ? [id] : [])));
    for (const shareId of this.#volumes.keys()) if (!shares.has(shareId)) this.#volumes.delete(shareId);
    const now = clock.now();
    if (shares.size === 0 || now - this.#volumesAt < VOLUMES_MS) return;
    this.#volumesAt = now;
    spawn(async () => {
      for (const shareId of shares) {
        const own = await refs.store.ask('ownVolumes', { shareId }).catch(noAnswer);
        const subscribed = await refs.store.ask('subscription', { shareId }).catch(noAnswer);
        const ids = new Set([...(own ?? []).map((volume) => volume.shareId), ...(subscribed?.volumes ?? [])]);
        this.#volumes.set(shareId, [...ids]);
      }
      this.look();
    });
  }
}

const same = (a: readonly Traffic[], b: readonly Traffic[]): boolean =>
  a.length === b.length &&
  a.every(({ period, up, down }, index) => {
    const other = b[index]!;
    return other.period === period && other.up === up && other.down === down;
  });

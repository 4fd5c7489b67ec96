import { availableParallelism } from 'node:os';
import type { TuneRow } from './actors/supervisor/contract.ts';
import { failure } from './errors.ts';
import type { LiveSettings } from './node.ts';

/** One number that an operator tunes: where it stands in the settings, and its bounds. */
interface Tunable {
  /** The setting it is, by `group.name`. */
  readonly key: string;
  readonly least: number;
  readonly most: number;
  get(settings: LiveSettings): number | undefined;
  put(settings: LiveSettings, value: number): LiveSettings;
  /** When nothing is said. */
  readonly standard: number;
}

export const defaultShards = (): number => Math.max(1, availableParallelism() - 1);

const TUNABLES: Readonly<Record<string, Tunable>> = {
  shards: {
    key: 'network.shards',
    least: 1,
    most: 64,
    get: (settings) => settings.shards,
    put: (settings, shards) => ({ ...settings, shards }),
    standard: defaultShards(),
  },
  hashing: {
    key: 'hashing.threads',
    least: 1,
    most: 64,
    get: (settings) => settings.hashing?.threads || undefined,
    put: (settings, threads) => ({ ...settings, hashing: { ...settings.hashing, threads } }),
    standard: availableParallelism(),
  },
  in_flight: ofTransport('network.in_flight', 'inFlight', [1, 256], 16),
  request_window: ofTransport('network.request_window', 'requestWindow', [1, 256], 64),
  upload_slots: ofTransport('network.upload_slots', 'uploadSlots', [0, 10_000], 0),
  disk_queue: ofTransport('downloads.disk_queue', 'diskQueue', [1, 256], 8),
  max_active: {
    key: 'downloads.max_active',
    least: 1,
    most: 1_000,
    get: (settings) => settings.transfer?.maxActive,
    put: (settings, maxActive) => ({ ...settings, transfer: { ...settings.transfer, maxActive } }),
    standard: 8,
  },
};

function ofTransport(
  key: string,
  field: 'inFlight' | 'requestWindow' | 'uploadSlots' | 'diskQueue',
  [least, most]: readonly [number, number],
  standard: number,
): Tunable {
  return {
    key,
    least,
    most,
    get: (settings) => settings.transport?.[field],
    put: (settings, value) => ({ ...settings, transport: { ...settings.transport, [field]: value } }),
    standard,
  };
}

/** The numbers set live over the settings of the configuration. Flags and the environment win over them. */
export class Tuning {
  readonly #pinned: ReadonlySet<string>;
  #live: Readonly<Record<string, number>> = {};

  constructor(pinned: readonly string[]) {
    this.#pinned = new Set(pinned);
  }

  /** What was kept. Names and numbers of another version are passed over. */
  restore(text: string | null): void {
    const kept = text === null ? {} : (JSON.parse(text) as Record<string, unknown>);
    const known = Object.entries(kept).filter(
      (entry): entry is [string, number] => faultOf(...entry) === null,
    );
    this.#live = Object.fromEntries(known);
  }

  /** To be kept. */
  text(): string {
    return JSON.stringify(this.#live);
  }

  get any(): boolean {
    return Object.keys(this.#live).length > 0;
  }

  /** All of them, or none: `E_USAGE`. */
  set(values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) {
      const fault = faultOf(name, value);
      if (fault !== null) throw failure('E_USAGE', fault, { subject: `${name}=${value}` });
      if (!this.#pinned.has(TUNABLES[name]!.key)) continue;
      const why = 'a flag or the environment says so, and wins over what is set live';
      throw failure('E_USAGE', why, { subject: name, next: 'start the node without it' });
    }
    this.#live = { ...this.#live, ...values };
  }

  over(settings: LiveSettings): LiveSettings {
    let tuned = settings;
    for (const [name, value] of Object.entries(this.#live)) {
      const { key, put } = TUNABLES[name]!;
      if (!this.#pinned.has(key)) tuned = put(tuned, value);
    }
    return tuned;
  }

  /** `running`: by name, what is not as it is wanted; null: not known. */
  rows(settings: LiveSettings, running: Readonly<Record<string, number | null>>): TuneRow[] {
    const tuned = this.over(settings);
    return Object.entries(TUNABLES).map(([name, { key, get, standard }]) => {
      const value = get(tuned) ?? standard;
      const live = name in this.#live && !this.#pinned.has(key);
      const origin = live ? 'set live' : get(settings) === undefined ? 'default' : 'the configuration';
      return { name, value, running: name in running ? running[name]! : value, origin };
    });
  }
}

function faultOf(name: string, value: unknown): string | null {
  const tunable = Object.hasOwn(TUNABLES, name) ? TUNABLES[name]! : null;
  if (tunable === null) return `it is none of ${Object.keys(TUNABLES).join(', ')}`;
  const { least, most } = tunable;
  const fits = Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
  return fits ? null : `${name} is a whole number from ${least} to ${most}`;
}

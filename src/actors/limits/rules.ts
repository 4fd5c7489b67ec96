import { failure } from '../../errors.ts';
import { type Reading, readRate, readSize } from '../../limits/amounts.ts';
import { faultOf, type LimitKey, readLimitKey } from '../../limits/assignment.ts';
import { readSchedule, type ScheduleEntry } from '../../limits/schedule.ts';
import type { LimitsConfig } from './context.ts';
import type { Direction } from './contract.ts';
import type { QuotaAmounts } from './quotas.ts';

/** Rules by scope that are kept at once. */
const MAX_RULES = 1_000;
const HEX = /^[0-9a-f]{64}$/;

/** One rule as it was written, and where. */
export interface Rule {
  readonly text: string;
  readonly origin: 'set live' | 'the configuration';
}

export interface CapRule {
  readonly name: string;
  readonly scope: 'global' | 'share' | 'peer';
  readonly id: string;
  readonly direction: Direction;
  readonly rate: number;
  readonly origin: Rule['origin'];
}

/** What was set live, by name, over what the configuration says. */
export class LimitRules {
  #config: ReadonlyMap<string, string>;
  #pinned: ReadonlySet<string>;
  readonly #live: Map<string, string>;

  constructor(config: LimitsConfig, live: Readonly<Record<string, string>>) {
    this.#config = namesOf(config);
    this.#pinned = new Set(config.pinned);
    // A later version may know more names; and nobody but this node writes them.
    const known = Object.entries(live).filter(([name, text]) => {
      const key = readLimitKey(name);
      return key !== null && faultOf(key, text) === null;
    });
    this.#live = new Map(known);
  }

  configure(config: LimitsConfig): void {
    this.#config = namesOf(config);
    this.#pinned = new Set(config.pinned);
  }

  /** All of them, or none. `E_USAGE`. */
  set(values: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(values)) this.#check(name, text);
    const next = new Map(this.#live);
    for (const [name, text] of Object.entries(values)) {
      // Without a word in the configuration nothing has to be kept of a limit that is off.
      if (text.trim().toLowerCase() === 'off' && !this.#config.has(name)) next.delete(name);
      else next.set(name, text.trim());
    }
    if (next.size > MAX_RULES) throw failure('E_USAGE', `at most ${MAX_RULES} limits are kept`);
    this.#live.clear();
    for (const [name, text] of next) this.#live.set(name, text);
  }

  /** What was set live, to be kept. */
  live(): Record<string, string> {
    return Object.fromEntries(this.#live);
  }

  caps(): CapRule[] {
    const rules = new Map<string, Rule>();
    for (const [name, text] of this.#config) rules.set(name, { text, origin: 'the configuration' });
    for (const [name, text] of this.#live) {
      if (!this.#pinned.has(name)) rules.set(name, { text, origin: 'set live' });
    }
    return [...rules].flatMap(([name, { text, origin }]): CapRule[] => {
      const key = readLimitKey(name);
      if (key?.kind !== 'cap') return [];
      const rate = valueIn(readRate(text));
      if (rate === null) return [];
      const { scope, id, direction } = key;
      return [{ name: scope === 'global' ? scope : `${scope}:${id}`, scope, id, direction, rate, origin }];
    });
  }

  schedule(): readonly ScheduleEntry[] {
    const reading = readSchedule(this.#textOf('schedule') ?? '');
    return 'entries' in reading ? reading.entries : [];
  }

  quotas(): QuotaAmounts {
    const of = (name: string) => {
      const text = this.#textOf(name);
      return text === undefined ? null : valueIn(readSize(text));
    };
    return {
      day: { up: of('quota:day.up'), down: of('quota:day.down') },
      month: { up: of('quota:month.up'), down: of('quota:month.down') },
    };
  }

  #textOf(name: string): string | undefined {
    return (this.#pinned.has(name) ? undefined : this.#live.get(name)) ?? this.#config.get(name);
  }

  #check(name: string, text: string): void {
    const key = readLimitKey(name);
    if (key === null) {
      const next = 'write up, down, share:ID.up, peer:KEY.down, quota:day.up, quota:month.down or schedule';
      throw failure('E_USAGE', `no limit is named ${name}`, { subject: name, next });
    }
    const id = key.kind === 'cap' && key.scope !== 'global' ? key.id : null;
    if (id !== null && !HEX.test(id)) {
      throw failure('E_USAGE', 'a share id and a node key have 64 hex digits', { subject: name });
    }
    const fault = faultOf(key, text);
    if (fault !== null) throw failure('E_USAGE', fault, { subject: `${name}=${text}` });
    if (this.#pinned.has(name)) {
      throw failure('E_USAGE', 'a flag or the environment says so, and wins over what is set live', {
        subject: name,
        next: 'start the node without it',
      });
    }
  }
}

/** The configuration by the names of the limits. What is not valid was told when it was read. */
function namesOf({ up, down, schedule, quota }: LimitsConfig): Map<string, string> {
  const names = new Map<string, string>();
  const put = (name: string, text: string) => {
    const key: LimitKey | null = readLimitKey(name);
    if (key !== null && text.trim().toLowerCase() !== 'off' && faultOf(key, text) === null)
      names.set(name, text);
  };
  put('up', up);
  put('down', down);
  if (schedule.length > 0) put('schedule', schedule.join(';'));
  for (const entry of quota) {
    const [name = '', text = ''] = entry.split('=', 2);
    put(`quota:${name.trim()}`, text);
  }
  return names;
}

const valueIn = (reading: Reading): number | null => ('value' in reading ? reading.value : null);

import { join } from 'node:path';
import { ActorError } from '../supervisor/contract/actor-error.ts';
import { type FileValue, readConfigFile } from './config-file.ts';
import { fromText } from './from-text.ts';
import { nearest } from './nearest.ts';
import { configFailure, type SettingProblem } from './problem.ts';
import { SETTING_KEYS, type SettingKey, type Settings, settingsSchema } from './schema.ts';

export interface LoadedSettings {
  readonly settings: Settings;
  /** Where each value came from, by `group.name`: `flag`, `environment VARIABLE`, `file PATH:LINE` or `default`. */
  readonly origins: ReadonlyMap<string, string>;
}

export interface SettingSources {
  readonly home: string;
  /** Another file than the data folder's `config.toml`; it must exist. */
  readonly config?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By `group.name`: texts as they were typed, or values already read. */
  readonly flags?: ReadonlyMap<string, unknown> | undefined;
}

/** All settings, or everything that is wrong with them. */
export type SettingsReading =
  | ({ readonly ok: true } & LoadedSettings)
  | { readonly ok: false; readonly problems: readonly SettingProblem[] };

/**
 * All settings, each from the first place that names it: flag, environment (`GRANARY_GROUP_NAME`), file,
 * default. Every value that is written is checked, also one that another place wins over. Throws nothing that a
 * configuration can cause.
 */
export async function readSettings(sources: SettingSources): Promise<SettingsReading> {
  const reader = new Reader();
  await reader.takeFile(sources);
  reader.takeEnvironment(sources.env);
  for (const [key, value] of sources.flags ?? []) reader.takeFlag(key, value);
  return reader.settings();
}

/** As `readSettings`; `E_CONFIG` with the first problem, when there is one. */
export async function loadSettings(sources: SettingSources): Promise<LoadedSettings> {
  const reading = await readSettings(sources);
  if (reading.ok) return reading;
  throw configFailure(reading.problems);
}

const GROUPS = [...new Set(SETTING_KEYS.map((setting) => setting.group))];
const KEYS = SETTING_KEYS.map((setting) => setting.key);

/** Takes values in the order of precedence, the weakest first. */
class Reader {
  readonly #problems: SettingProblem[] = [];
  readonly #taken = new Map<string, { value: unknown; origin: string }>();

  async takeFile({ home, config, env }: SettingSources): Promise<void> {
    const path = config ?? (env.GRANARY_CONFIG || join(home, 'config.toml'));
    let values: FileValue[];
    try {
      values = await readConfigFile(path, config !== undefined || Boolean(env.GRANARY_CONFIG));
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      const { message, subject } = error;
      this.#problems.push({ key: null, message, nearest: null, origin: `file ${subject ?? path}` });
      return;
    }
    for (const value of values) this.#takeFileValue(path, value);
  }

  #takeFileValue(path: string, { group, name, value, line }: FileValue): void {
    const origin = line === null ? `file ${path}` : `file ${path}:${line}`;
    if (!GROUPS.includes(group)) {
      // One problem a group: none of its names can be known.
      if (name === null) this.#unknown(group, `[${group}]`, GROUPS, origin);
    } else if (name !== null) {
      this.#take(`${group}.${name}`, value, origin);
    } else if (value !== null) {
      const message = `${group} must be a table: write [${group}]`;
      this.#problems.push({ key: group, message, nearest: null, origin });
    }
  }

  takeEnvironment(env: SettingSources['env']): void {
    for (const [name, text] of Object.entries(env)) {
      if (!name.startsWith('GRANARY_') || text === undefined) continue;
      const origin = `environment ${name}`;
      const setting = SETTING_KEYS.find(({ variable }) => variable === name);
      if (setting) {
        this.#take(setting.key, fromText(setting.kind, text), origin);
      } else if (GROUPS.some((group) => name.startsWith(`GRANARY_${group.toUpperCase()}_`))) {
        const variables = SETTING_KEYS.map(({ variable }) => variable);
        this.#unknown(name, name, variables, origin);
      }
    }
  }

  takeFlag(key: string, value: unknown): void {
    const setting = SETTING_KEYS.find((candidate) => candidate.key === key);
    this.#take(key, setting && typeof value === 'string' ? fromText(setting.kind, value) : value, 'flag');
  }

  settings(): SettingsReading {
    if (this.#problems.length > 0) return { ok: false, problems: this.#problems };
    const groups: Record<string, Record<string, unknown>> = {};
    const origins = new Map<string, string>();
    for (const { group, name, key } of SETTING_KEYS) {
      const taken = this.#taken.get(key);
      groups[group] = { ...groups[group], [name]: taken?.value };
      origins.set(key, taken?.origin ?? 'default');
    }
    return { ok: true, settings: settingsSchema.parse(groups), origins };
  }

  #take(key: string, value: unknown, origin: string): void {
    const setting: SettingKey | undefined = SETTING_KEYS.find((candidate) => candidate.key === key);
    if (!setting) return this.#unknown(key, key, KEYS, origin);
    const result = setting.schema.safeParse(value);
    if (result.success) this.#taken.set(key, { value, origin });
    for (const { message } of result.error?.issues ?? []) {
      this.#problems.push({ key, message: `${key}: ${message}`, nearest: null, origin });
    }
  }

  #unknown(key: string, shown: string, known: readonly string[], origin: string): void {
    const guess = nearest(key, known);
    const hint = guess === null ? 'granary config show lists those there are' : `did you mean ${guess}?`;
    this.#problems.push({ key, message: `unknown setting ${shown}; ${hint}`, nearest: guess, origin });
  }
}

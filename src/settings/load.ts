import { join } from 'node:path';
import type { z } from 'zod';
import { failure } from '../errors.ts';
import type { ActorError } from '../supervisor/contract/actor-error.ts';
import { type FileValue, readConfigFile } from './config-file.ts';
import { fromText } from './from-text.ts';
import { nearest } from './nearest.ts';
import { SETTING_KEYS, type SettingKey, type Settings, settingsSchema } from './schema.ts';

export type Origin = 'flag' | 'environment' | 'file' | 'default';

export interface LoadedSettings {
  readonly settings: Settings;
  /** Where each value came from, by `group.name`. */
  readonly origins: ReadonlyMap<string, Origin>;
}

export interface SettingSources {
  readonly home: string;
  /** Another file than the data folder's `config.toml`; it must exist. */
  readonly config?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By `group.name`: texts as they were typed, or values already read. */
  readonly flags?: ReadonlyMap<string, unknown> | undefined;
}

/** A value on its way into the settings, with the words that tell an operator where it stands. */
interface Given {
  readonly value: unknown;
  readonly origin: Origin;
  readonly place: string;
}

/**
 * All settings, each from the first place that names it: flag, environment (`GRANARY_GROUP_NAME`), file,
 * default. Throws `E_CONFIG` for unknown names, with the nearest known one, and for values out of bounds; the
 * message says in which place.
 */
export async function loadSettings(sources: SettingSources): Promise<LoadedSettings> {
  const path = sources.config ?? (sources.env.GRANARY_CONFIG || join(sources.home, 'config.toml'));
  const named = sources.config !== undefined || Boolean(sources.env.GRANARY_CONFIG);
  const given = new Map<string, Given>();
  for (const value of await readConfigFile(path, named)) takeFile(given, path, value);
  takeEnvironment(given, sources.env);
  for (const [key, value] of sources.flags ?? []) takeFlag(given, key, value);

  const groups: Record<string, Record<string, unknown>> = {};
  const origins = new Map<string, Origin>();
  for (const setting of SETTING_KEYS) {
    const from = given.get(setting.key);
    groups[setting.group] = { ...groups[setting.group], [setting.name]: check(setting, from) };
    origins.set(setting.key, from?.origin ?? 'default');
  }
  return { settings: settingsSchema.parse(groups), origins };
}

function takeFile(given: Map<string, Given>, path: string, entry: FileValue): void {
  const place = entry.line === null ? path : `${path}, line ${entry.line}`;
  const names = SETTING_KEYS.filter((setting) => setting.group === entry.group);
  if (names.length === 0) {
    throw unknown(
      `[${entry.group}]`,
      entry.group,
      SETTING_KEYS.map((setting) => setting.group),
      place,
    );
  }
  if (entry.name === null) {
    if (typeof entry.value === 'object') return;
    throw failure('E_CONFIG', `${entry.group} must be a table: write [${entry.group}]`, { subject: place });
  }
  if (!names.some((setting) => setting.name === entry.name)) {
    const known = SETTING_KEYS.map((setting) => setting.key);
    throw unknown(`${entry.group}.${entry.name}`, `${entry.group}.${entry.name}`, known, place);
  }
  given.set(`${entry.group}.${entry.name}`, { value: entry.value, origin: 'file', place });
}

function takeEnvironment(given: Map<string, Given>, env: SettingSources['env']): void {
  const known = SETTING_KEYS.map((setting) => setting.variable);
  const groups = [...new Set(SETTING_KEYS.map((setting) => `GRANARY_${setting.group.toUpperCase()}_`))];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('GRANARY_') || text === undefined) continue;
    const setting = SETTING_KEYS.find(({ variable }) => variable === name);
    const place = `environment, ${name}`;
    if (setting) {
      given.set(setting.key, { value: fromText(setting.kind, text), origin: 'environment', place });
    } else if (groups.some((group) => name.startsWith(group))) {
      throw unknown(name, name, known, place);
    }
  }
}

function takeFlag(given: Map<string, Given>, key: string, value: unknown): void {
  const setting = SETTING_KEYS.find((candidate) => candidate.key === key);
  if (!setting) {
    const known = SETTING_KEYS.map((candidate) => candidate.key);
    throw unknown(key, key, known, `command line, --set ${key}`);
  }
  const read = typeof value === 'string' ? fromText(setting.kind, value) : value;
  given.set(key, { value: read, origin: 'flag', place: `command line, ${key}` });
}

function check(setting: SettingKey, from: Given | undefined): unknown {
  const result = setting.schema.safeParse(from?.value);
  if (result.success) return result.data;
  const issue: z.core.$ZodIssue | undefined = result.error.issues[0];
  throw failure('E_CONFIG', `${setting.key}: ${issue?.message ?? 'not valid'}`, { subject: from?.place });
}

function unknown(shown: string, name: string, known: readonly string[], place: string): ActorError {
  const guess = nearest(name, known);
  const meant = guess === null ? '' : `; did you mean ${guess}?`;
  return failure('E_CONFIG', `unknown setting ${shown}${meant}`, {
    subject: place,
    ...(guess === null && { next: `known are: ${[...new Set(known)].join(', ')}` }),
  });
}

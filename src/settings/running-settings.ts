import { isDeepStrictEqual } from 'node:util';
import type { ConfigReload, SettingRow } from '../actors/supervisor/contract.ts';
import { type LoadedSettings, loadSettings, readSettings, type SettingSources } from './load.ts';
import { configFailure, type SettingProblem } from './problem.ts';
import { SETTING_KEYS, type SettingKey, type Settings, settingsSchema } from './schema.ts';

export interface ReloadListener {
  reloaded(result: ConfigReload): void;
  /** What is in force stays so. */
  rejected(problems: readonly SettingProblem[]): void;
}

/** The settings a node runs with, and what its configuration says by now. */
export class RunningSettings {
  readonly #sources: SettingSources;
  readonly #listener: ReloadListener;
  #inForce: LoadedSettings;
  /** As last read: differs from what is in force where a change waits for the next start. */
  #written: LoadedSettings;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(sources: SettingSources, listener: ReloadListener, loaded: LoadedSettings) {
    this.#sources = sources;
    this.#listener = listener;
    this.#inForce = loaded;
    this.#written = loaded;
  }

  /** `E_CONFIG` when the configuration is not valid. */
  static async load(sources: SettingSources, listener: ReloadListener): Promise<RunningSettings> {
    return new RunningSettings(sources, listener, await loadSettings(sources));
  }

  get settings(): Settings {
    return this.#inForce.settings;
  }

  /** Where each value came from, by `group.name`. What flags and the environment gave does not change. */
  get origins(): ReadonlyMap<string, string> {
    return this.#inForce.origins;
  }

  rows(): SettingRow[] {
    return settingRows(this.#inForce).map((row, index) => {
      const written = settingOf(this.#written.settings, SETTING_KEYS[index]!);
      return isDeepStrictEqual(row.value, written) ? row : { ...row, after_restart: written };
    });
  }

  /**
   * Reads every source again and has what may change live applied; if that fails, nothing of it counts. `E_CONFIG`
   * when it is not valid. One after the other.
   */
  reload(apply: (settings: Settings) => Promise<void>): Promise<ConfigReload> {
    const result = this.#turn.then(() => this.#reload(apply));
    this.#turn = result.catch(() => {});
    return result;
  }

  async #reload(apply: (settings: Settings) => Promise<void>): Promise<ConfigReload> {
    const written = await readSettings(this.#sources);
    if (!written.ok) {
      this.#listener.rejected(written.problems);
      throw configFailure(
        written.problems,
        'the node goes on as it was; mend the configuration and try again',
      );
    }
    const before = this.#inForce.settings;
    const changed = SETTING_KEYS.filter(
      (setting) => !isDeepStrictEqual(settingOf(before, setting), settingOf(written.settings, setting)),
    );
    const inForce = merged(this.#inForce, written);
    const applied = changed.filter(({ live }) => live).map(({ key }) => key);
    if (applied.length > 0) await apply(inForce.settings);
    this.#inForce = inForce;
    this.#written = written;
    const result = {
      applied,
      needs_restart: changed.filter(({ live }) => !live).map(({ key }) => key),
      unchanged: SETTING_KEYS.length - changed.length,
    };
    this.#listener.reloaded(result);
    return result;
  }
}

/** Every setting as it was read. */
export function settingRows({ settings, origins }: LoadedSettings): SettingRow[] {
  return SETTING_KEYS.map((setting) => ({
    key: setting.key,
    value: settingOf(settings, setting),
    origin: origins.get(setting.key) ?? 'default',
  }));
}

/** The settings that such rows stand for. */
export function settingsOfRows(rows: readonly SettingRow[]): Settings {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const { group, name, key } of SETTING_KEYS) {
    const value = rows.find((row) => row.key === key)?.value;
    groups[group] = { ...groups[group], [name]: value };
  }
  return settingsSchema.parse(groups);
}

/** The running settings with what may change live as it is written now. */
function merged(running: LoadedSettings, written: LoadedSettings): LoadedSettings {
  const groups: Record<string, Record<string, unknown>> = {};
  const origins = new Map<string, string>();
  for (const setting of SETTING_KEYS) {
    const { group, name, key, live } = setting;
    // An unchanged value may stand in another place by now.
    const same = isDeepStrictEqual(
      settingOf(running.settings, setting),
      settingOf(written.settings, setting),
    );
    const from = live || same ? written : running;
    groups[group] = { ...groups[group], [name]: settingOf(from.settings, setting) };
    origins.set(key, from.origins.get(key) ?? 'default');
  }
  return { settings: groups as Settings, origins };
}

function settingOf(settings: Settings, { group, name }: SettingKey): unknown {
  return (settings as Record<string, Record<string, unknown>>)[group]?.[name];
}

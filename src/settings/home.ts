import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The data folder, absolute: what `--home` says, else `GRANARY_HOME`, else `XDG_DATA_HOME/granary`, else the
 * platform's convention. Nothing is created.
 */
export function homeFolder(
  flag: string | undefined,
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string {
  if (flag) return resolve(flag);
  if (env.GRANARY_HOME) return resolve(env.GRANARY_HOME);
  // The XDG specification says that relative values are to be ignored.
  if (env.XDG_DATA_HOME?.startsWith('/')) return join(env.XDG_DATA_HOME, 'granary');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'granary');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'granary');
  return join(homedir(), '.local', 'share', 'granary');
}

/** Where the key file lies: as configured, else `granary/key` in the configuration folder. */
export function keyFilePath(configured: string, env: Environment): string {
  if (configured !== '') return configured;
  // The XDG specification says that relative values are to be ignored.
  const xdg = env.XDG_CONFIG_HOME;
  const folder = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.config');
  return join(folder, 'granary', 'key');
}

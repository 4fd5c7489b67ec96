import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What the bridge runs in: the binary of an optional package, and why there is none. */
export type Engine =
  | { readonly binary: string; readonly reason: null }
  | { readonly binary: null; readonly reason: string };

/**
 * Finds the binary in the package of this platform: no PATH, no install script. Not on Windows, whose local sockets
 * nothing else of the node speaks either.
 */
export function findEngine(
  platform: string = process.platform,
  arch: string = process.arch,
  resolve: (name: string) => string = createRequire(import.meta.url).resolve,
): Engine {
  if (platform === 'win32') return { binary: null, reason: 'it needs Unix sockets' };
  const name = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;
  try {
    const binary = join(dirname(resolve(`${name}/package.json`)), 'deno');
    if (existsSync(binary)) return { binary, reason: null };
    return { binary: null, reason: `the package ${name} has no binary` };
  } catch {
    return { binary: null, reason: `the optional package ${name} is not installed` };
  }
}

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { siblingModule } from '../../supervisor/tree/module-url.ts';

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

/** V8's old space. The bytes of streams are not in it. */
const HEAP_MB = 128;

/**
 * The bridge may use the network and one folder, and nothing else of this machine: no environment, no programs, no
 * other file; no configuration, lock file, registry or remote module takes part.
 */
export function engineArguments(folder: string): string[] {
  return [
    'run',
    ...['--quiet', '--no-prompt', '--no-config', '--no-lock', '--no-npm', '--no-remote', '--no-check'],
    ...['--unstable-net', '--allow-net', `--allow-read=${folder}`, `--allow-write=${folder}`],
    // Certificates of the network prove nothing, and are not looked at where the name asked for is this one.
    '--unsafely-ignore-certificate-errors=localhost',
    `--v8-flags=--max-old-space-size=${HEAP_MB}`,
    siblingModule(import.meta.url, './bridge/main').pathname,
  ];
}

/** Nothing of the node's own environment: it may hold a passphrase. */
export const engineEnvironment = (folder: string): Record<string, string> => ({
  DENO_DIR: join(folder, 'compiled'),
  DENO_NO_UPDATE_CHECK: '1',
  NO_COLOR: '1',
});

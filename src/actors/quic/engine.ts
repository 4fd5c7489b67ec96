import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { siblingModule } from '../../supervisor/tree/module-url.ts';

/** V8's old space. The bytes of streams are not in it. */
const HEAP_MB = 128;

/** What a process of the bridge is started with. */
export interface EngineProgram {
  readonly binary: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** `folder`: for its local sockets, and what it compiles. */
export const engineProgram = (binary: string, folder: string): EngineProgram => ({
  binary,
  arguments: engineArguments(folder),
  environment: engineEnvironment(folder),
});

/**
 * The bridge may use the network and one folder, and nothing else of this machine: no environment, no programs, no
 * other file; no configuration, lock file, registry or remote module takes part.
 */
function engineArguments(folder: string): string[] {
  return [
    'run',
    ...['--quiet', '--no-prompt', '--no-config', '--no-lock', '--no-npm', '--no-remote', '--no-check'],
    ...['--unstable-net', '--allow-net', `--allow-read=${folder}`, `--allow-write=${folder}`],
    // Certificates of the network prove nothing, and are not looked at where the name asked for is this one.
    '--unsafely-ignore-certificate-errors=localhost',
    `--v8-flags=--max-old-space-size=${HEAP_MB}`,
    fileURLToPath(siblingModule(import.meta.url, './bridge/main')),
  ];
}

/** Nothing of the node's own environment: it may hold a passphrase. */
const engineEnvironment = (folder: string): Record<string, string> => ({
  DENO_DIR: join(folder, 'compiled'),
  DENO_NO_UPDATE_CHECK: '1',
  NO_COLOR: '1',
});

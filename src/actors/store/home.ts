import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { failure } from '../../errors.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { writeFileDurably } from './durable-file.ts';

/** Where things lie in the data folder. */
export interface Home {
  /** Absolute, without symbolic links. */
  readonly root: string;
  readonly lock: string;
  /** Names the process that holds the lock. */
  readonly holder: string;
  readonly state: string;
  readonly progress: string;
  /** There while a store runs: found at a start, it tells of an unclean stop. */
  readonly running: string;
  readonly keys: string;
  /** Holds what the passphrase opens, where there is one. */
  readonly passphrase: string;
  readonly manifests: string;
  readonly hashes: string;
}

const FOLDERS = ['keys', 'manifests', 'hashes', 'segments', 'run'] as const;

/**
 * Makes the data folder (0700) with its folders where they are missing. `E_HOME_UNUSABLE` when that cannot be done or
 * the folder is another user's.
 */
export function prepareHome(folder: string): Home {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const root = realpathSync(folder);
    const { uid } = statSync(root);
    if (process.getuid !== undefined && process.getuid() !== 0 && uid !== process.getuid()) {
      throw failure('E_HOME_UNUSABLE', 'the data folder belongs to another user', { subject: root });
    }
    for (const name of FOLDERS) mkdirSync(join(root, name), { recursive: true, mode: 0o700 });
    // A folder made by hand may be open to others: what is in it is for its owner alone.
    for (const path of [root, join(root, 'keys'), join(root, 'run')]) chmodSync(path, 0o700);
    return {
      root,
      lock: makePrivateFile(join(root, 'lock.db')),
      holder: join(root, 'lock.pid'),
      state: makePrivateFile(join(root, 'state.db')),
      progress: makePrivateFile(join(root, 'progress.db')),
      running: join(root, 'state.running'),
      keys: join(root, 'keys'),
      passphrase: join(root, 'keys', 'passphrase.json'),
      manifests: join(root, 'manifests'),
      hashes: join(root, 'hashes'),
    };
  } catch (error) {
    throw unusable(error, folder);
  }
}

/**
 * SQLite makes its files with the mode of the process; these shall be 0600. One that exists is never opened here:
 * closing any descriptor of a locked database would drop the locks that this process holds on it.
 */
function makePrivateFile(path: string): string {
  if (!existsSync(path)) writeFileSync(path, '', { flag: 'wx', mode: 0o600 });
  return path;
}

function unusable(error: unknown, folder: string): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === undefined || !/^E[A-Z0-9]{2,15}$/.test(code)) return error;
  return failure('E_HOME_UNUSABLE', `the data folder cannot be used (${code})`, {
    subject: folder,
    cause: error,
  });
}

const versionFile = (home: Home): string => join(home.root, 'VERSION');

/** Version that wrote the data folder; 0 for a new one. `E_HOME_NEWER` when it is above `known`. */
export function checkVersion(home: Home, known: number): number {
  const path = versionFile(home);
  if (!existsSync(path)) return 0;
  const version = Number(readFileSync(path, 'latin1').trim());
  if (!Number.isSafeInteger(version) || version < 1) {
    throw failure('E_HOME_UNUSABLE', 'the file VERSION of the data folder holds no number', {
      subject: path,
    });
  }
  if (version > known) throw tooNew(home, version, known);
  return version;
}

export function tooNew(home: Home, version: number, known: number): ActorError {
  return failure(
    'E_HOME_NEWER',
    `the data folder was written by a newer granary: it has version ${version}, this one knows ${known}`,
    { subject: home.root },
  );
}

export async function writeVersion(home: Home, version: number): Promise<void> {
  await writeFileDurably(versionFile(home), Buffer.from(`${version}\n`));
}

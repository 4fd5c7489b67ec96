import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failure } from '../../errors.ts';
import { fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import type { Log } from '../../supervisor/contract/actor.ts';
import { syncFolder, UNFINISHED, writeFileDurably } from './durable-file.ts';
import { Secret } from './secret.ts';

const KEY_LENGTH = 32;
const GROUP_AND_OTHERS = 0o077;

/** Keys that one file may hold. */
const MAX_KEYS = 64;

/**
 * The keys of the file, 64 hex digits a line: the first seals, the others open what they sealed before. Null when there
 * is no such file. `E_HOME_UNUSABLE` when it holds no key.
 */
export async function readKeyFile(path: string, log: Log): Promise<readonly Secret[] | null> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if ((mode & GROUP_AND_OTHERS) !== 0) log.warn({ path }, 'the key file is open to other users');
    text = await readFile(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(path, 'the key file cannot be read', error);
  }
  const keys = text
    .trim()
    .split(/\s+/)
    .map((line) => fromHex(line, KEY_LENGTH));
  if (keys.length > MAX_KEYS || !keys.every((key) => key !== null)) {
    throw unusable(path, 'the key file holds no key (64 hex digits)');
  }
  return keys.map((key) => new Secret(key));
}

/** A fresh key before those of the file; durable when it resolves. The others stay: other folders may need them. */
export async function addToKeyFile(
  path: string,
  keys: readonly Secret[],
  log: Log,
): Promise<readonly Secret[]> {
  const more = [new Secret(new Uint8Array(randomBytes(KEY_LENGTH))), ...keys].slice(0, MAX_KEYS);
  const lines = more.map((key) => `${toHex(key.reveal())}\n`);
  try {
    await writeFileDurably(path, Buffer.from(lines.join('')));
  } catch (error) {
    throw unusable(path, 'the key file cannot be written', error);
  }
  log.info({ path }, 'the key file has a new first key: back it up again');
  return more;
}

/** Makes a key file with a fresh key, 0600, durable. When another node makes it at the same moment, its key counts. */
export async function makeKeyFile(path: string, log: Log): Promise<readonly Secret[]> {
  const unfinished = `${path}${UNFINISHED}${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(KEY_LENGTH).toString('hex')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    // A rename would replace the key of somebody who was faster, and with it all that he sealed.
    await link(unfinished, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await syncFolder(dirname(path));
  } catch (error) {
    throw unusable(path, 'the key file cannot be made', error);
  } finally {
    await rm(unfinished, { force: true }).catch(() => {});
  }
  log.info({ path }, 'a key file was made: it opens the keys of this data folder, back it up apart');
  const keys = await readKeyFile(path, log);
  if (keys === null) throw unusable(path, 'the key file is gone again');
  return keys;
}

function unusable(path: string, message: string, cause?: unknown): unknown {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  if (cause !== undefined && code === undefined) return cause;
  return failure('E_HOME_UNUSABLE', code === undefined ? message : `${message} (${code})`, {
    subject: path,
    next: 'name a key file that can be used with store.keyfile',
    cause,
  });
}

import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Log } from '../../supervisor/contract/actor.ts';

/** In the name of every file that is not finished; what carries it after a crash is rubbish. */
export const UNFINISHED = '.unfinished-';

/**
 * Writes a whole file so that after any crash the path holds the old content or the new one: a file beside it, fsync,
 * rename. The name itself is durable after `syncFolder`. Mode 0600. Throws Node's file system errors. Without `sync` a
 * loss of power may leave a file of other content: for what is checked whenever it is read.
 */
export async function writeFileAtomically(path: string, content: Uint8Array, sync = true): Promise<void> {
  const unfinished = `${path}${UNFINISHED}${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(content);
      if (sync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw error;
  }
}

/** Makes the names in a folder durable: new, renamed and removed files. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** `writeFileAtomically`, and durable when it resolves. */
export async function writeFileDurably(path: string, content: Uint8Array): Promise<void> {
  await writeFileAtomically(path, content);
  await syncFolder(dirname(path));
}

/** Removes what a crash left unfinished in a folder. */
export async function sweepUnfinished(folder: string, log: Log): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.includes(UNFINISHED)) continue;
    log.info({ path: join(folder, name) }, 'an unfinished file is removed');
    await rm(join(folder, name), { force: true });
  }
}

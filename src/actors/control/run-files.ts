import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { API_VERSION } from '../../control-link/limits.ts';
import { ioFailure } from '../../errors.ts';
import { controlFile, runFolder } from '../../settings/run-folder.ts';
import { closedFolder } from '../closed-folder.ts';

/**
 * Makes the folders of the control file and of the socket, closed to everybody else, and takes away the socket
 * that a killed node left: the data folder's lock says that nobody listens on it. `E_HOME_UNUSABLE` when a
 * folder belongs to somebody else, which in a shared place could be a trap.
 */
export async function prepareRunFiles(home: string, socket: string): Promise<void> {
  try {
    await closedFolder(runFolder(home));
    await closedFolder(dirname(socket));
    await rm(socket, { force: true });
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? ioFailure(error, socket) : error;
  }
}

/** Tells the commands where this node listens. Whole or not at all. */
export async function announce(
  home: string,
  facts: { pid: number; socket: string; version: string },
): Promise<void> {
  const file = controlFile(home);
  const next = `${file}.new`;
  try {
    await writeFile(next, `${JSON.stringify({ ...facts, api: API_VERSION })}\n`, { mode: 0o600 });
    await rename(next, file);
  } catch (error) {
    throw ioFailure(error, file);
  }
}

export async function withdraw(home: string): Promise<void> {
  await rm(controlFile(home), { force: true });
}

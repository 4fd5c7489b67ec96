import { constants } from 'node:fs';
import { access, lstat, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { keyFilePath } from '../../../settings/home.ts';
import { controlFile, runFolder, socketPath } from '../../../settings/run-folder.ts';
import { shellWord } from '../../shell-word.ts';
import { type Check, fail, ok, warn } from '../check.ts';
import type { Facts } from '../facts.ts';
import { nearestFolder } from '../nearest-folder.ts';

const GROUP_AND_OTHERS = 0o077;

/** Whether a node of this user can work in the data folder. */
export async function dataFolder({ home }: Facts): Promise<Check> {
  const name = 'data-folder';
  try {
    const folder = await nearestFolder(home);
    if (!(await stat(folder)).isDirectory()) {
      return fail(name, `${folder} is not a folder`, 'name another data folder with --home');
    }
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const { uid } = await stat(folder);
    const self = process.getuid?.() ?? uid;
    if (folder === home && self !== 0 && uid !== self) {
      return fail(name, `${home} belongs to user ${uid}`, `run granary as that user, or name another folder`);
    }
    if (folder === home) return ok(name, home);
    return ok(name, `${home} is not there yet; granary up makes it`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return fail(
      name,
      `${home} cannot be used (${code})`,
      'check owner, permissions and mount of the data folder',
    );
  }
}

/** Whether anybody else could read keys or command the node. */
export async function permissions({ home, env, settings }: Facts): Promise<Check> {
  const name = 'permissions';
  const socket = socketPath(home, env);
  const keys = join(home, 'keys');
  const secrets = [
    ...(await readdir(keys).catch(() => [])).map((file) => join(keys, file)),
    controlFile(home),
    socket,
    ...(settings === null ? [] : [keyFilePath(settings.store.keyfile, env)]),
  ];
  const open = await openOnes(secrets);
  if (open.length > 0) {
    return fail(name, `others may read ${open.join(', ')}`, `chmod 600 ${open.map(shellWord).join(' ')}`);
  }
  const folders = await openOnes([home, keys, runFolder(home), dirname(socket)]);
  if (folders.length === 0) return ok(name, 'keys and sockets are closed to others');
  return warn(
    name,
    `others may look into ${folders.join(', ')}; the next granary up closes them`,
    `chmod 700 ${folders.map(shellWord).join(' ')}`,
  );
}

/** Those of the paths that exist and are not their owner's alone. */
async function openOnes(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    [...new Set(paths)].map(async (path) => {
      try {
        return ((await lstat(path)).mode & GROUP_AND_OTHERS) !== 0 ? [path] : [];
      } catch {
        return [];
      }
    }),
  );
  return found.flat();
}

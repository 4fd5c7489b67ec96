import { execFile } from 'node:child_process';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { launcher } from '../node-process.ts';

/**
 * The launcher of what people install. From a clone the package is built below `root` first: a clone reads its sources one by
 * one at every start.
 */
export async function builtPackage(root: string): Promise<string> {
  if (!import.meta.url.endsWith('.ts')) return launcher!;
  const clone = fileURLToPath(new URL('../..', import.meta.url));
  const place = join(root, 'package');
  await mkdir(place);
  await promisify(execFile)(process.execPath, ['scripts/build.ts', join(place, 'dist')], { cwd: clone });
  for (const name of ['bin', 'package.json'])
    await cp(join(clone, name), join(place, name), { recursive: true });
  await symlink(join(clone, 'node_modules'), join(place, 'node_modules'));
  return join(place, 'bin/granary.cjs');
}

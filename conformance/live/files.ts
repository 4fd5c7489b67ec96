import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomFile, randomFolder } from './material.ts';
import type { World } from './world.ts';

/** Around the length of a chunk. */
export const SIZES = [1, 262_143, 262_144, 262_145] as const;
export const LARGE = 600_000_000;
export const MANY = 240;
/** More chunks than the reference gives to one key in a minute. */
export const BEYOND_LIMIT = 620 * 262_144;

const made = new WeakMap<World, Map<string, Promise<string>>>();

function once(world: World, name: string, make: (path: string) => Promise<string>): Promise<string> {
  const all = made.get(world) ?? new Map<string, Promise<string>>();
  made.set(world, all);
  const known = all.get(name) ?? make(world.path(name));
  all.set(name, known);
  return known;
}

/** A file of that size: one and the same in a run. */
export const fileOf = (world: World, size: number): Promise<string> =>
  once(world, `file-of-${size}.bin`, (path) => randomFile(path, size));

/** A folder of `MANY` files. */
export const folderOf = (world: World): Promise<string> =>
  once(world, 'folder', (path) => randomFolder(path, MANY));

export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

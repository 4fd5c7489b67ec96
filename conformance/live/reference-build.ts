import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** The reference by the dialect it speaks. */
export const REFERENCES = {
  1: { version: '0.3.2', feature: 'v03' },
  2: { version: '0.6.0', feature: 'v06' },
} as const;

export type DialectNumber = keyof typeof REFERENCES;

/** Why there is no reference peer, for people. */
export class NoReference extends Error {}

const here = import.meta.dirname;
const ownFolder = join(here, '.build');

/**
 * The programs of both versions: those of a folder that is named (by `folder`, or `GRANARY_REFPEER_DIR`), or those built
 * before, or freshly built ones, which takes minutes of both cores. Throws NoReference where there is no way.
 */
export async function referencePrograms(
  folder: string | undefined,
  rebuild: boolean,
  say: (text: string) => void,
): Promise<Record<DialectNumber, string>> {
  const named = folder ?? process.env.GRANARY_REFPEER_DIR;
  const home = resolve(named ?? ownFolder);
  const programs = { 1: programIn(home, 1), 2: programIn(home, 2) };
  for (const dialect of [1, 2] as const) {
    if (existsSync(programs[dialect]) && !rebuild) continue;
    if (named !== undefined && !rebuild) throw new NoReference(`${programs[dialect]} is not there`);
    await build(dialect, home, say);
  }
  return programs;
}

const programIn = (folder: string, dialect: DialectNumber): string =>
  join(folder, `refpeer-${REFERENCES[dialect].version}`);

async function build(dialect: DialectNumber, home: string, say: (text: string) => void): Promise<void> {
  const { feature, version } = REFERENCES[dialect];
  if (spawnSync('cargo', ['--version']).status !== 0) {
    throw new NoReference(
      'cargo is not installed here, and it builds the reference peers: install Rust, or name a folder with built ones (--refpeer-dir, GRANARY_REFPEER_DIR)',
    );
  }
  say(`building the reference peer ${version} with cargo: minutes`);
  mkdirSync(home, { recursive: true });
  const target = process.env.CARGO_TARGET_DIR ?? join(home, `target-${version}`);
  const { status } = spawnSync('cargo', ['build', '--release', '--features', feature], {
    cwd: join(here, 'refpeer'),
    env: { ...process.env, CARGO_TARGET_DIR: target },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new NoReference(`cargo could not build the reference peer ${version}`);
  const program = programIn(home, dialect);
  rmSync(program, { force: true });
  await copyFile(join(target, 'release', 'refpeer'), program);
}

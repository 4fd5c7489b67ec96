import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

// dist/ mirrors the tree: Node runs no TypeScript below node_modules, so the package ships JavaScript only.
const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
if (status !== 0) process.exit(status ?? 1);

// A hundred files, which control needs at once, and the store for a file of keys. All other packages stay where they are installed.
const TAKEN_IN = /^zod(\/|$)/;
const licence = readFileSync(join(root, 'node_modules/zod/LICENSE'), 'utf8').replaceAll('*/', '* /');
const actors = join(root, 'dist/src/actors');
for (const name of readdirSync(actors)) {
  if (existsSync(join(actors, name, 'actor.js'))) await writeWorker(join(actors, name));
}

/**
 * `worker.js` beside an actor: what its thread loads, in one file (`ChildSpec.worker`; DECISIONS, D78). It lies in the actor's
 * folder because the actor names other modules of that folder.
 */
async function writeWorker(folder: string): Promise<void> {
  const entry = join(folder, 'worker-entry.js');
  const source = `
    import module from './actor.js';
    import { contracts } from '../contracts.js';
    import { beginLife } from '../../supervisor/runtime/begin-life.js';
    await beginLife(() => ({ module, contracts }));
  `;
  const bundle = await rolldown({
    input: entry,
    platform: 'node',
    external: (id) => /^[^./]/.test(id) && !TAKEN_IN.test(id),
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? source : null),
      },
    ],
  });
  await bundle.write({
    file: join(folder, 'worker.js'),
    format: 'esm',
    codeSplitting: false,
    postBanner: ({ moduleIds }) =>
      moduleIds.some((id) => id.includes('/node_modules/zod/')) ? `/*! zod\n${licence}*/` : '',
  });
  await bundle.close();
}

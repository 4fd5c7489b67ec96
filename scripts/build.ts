import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type InputOptions, type OutputOptions, rolldown } from 'rolldown';

// dist/ mirrors the tree: Node runs no TypeScript below node_modules, so the package ships JavaScript only.
// `node scripts/build.ts [FOLDER]`: into FOLDER instead of dist/.
const root = fileURLToPath(new URL('..', import.meta.url));
const dist = resolve(process.argv[2] ?? join(root, 'dist'));
rmSync(dist, { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', dist],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
if (status !== 0) process.exit(status ?? 1);

// A hundred files, which the command line and control need at once, and the store for a file of keys. All other packages
// stay where they are installed.
const TAKEN_IN = /^zod(\/|$)/;
const licence = readFileSync(join(root, 'node_modules/zod/LICENSE'), 'utf8').replaceAll('*/', '* /');
await writeMain();
const actors = join(dist, 'src/actors');
for (const name of readdirSync(actors)) {
  if (existsSync(join(actors, name, 'actor.js'))) await writeWorker(join(actors, name));
}

/** What the command line loads, in few files: `main/main.js`, and beside it what some commands need (DECISIONS, D78). */
async function writeMain(): Promise<void> {
  const folder = join(dist, 'main');
  await bundle(
    join(dist, 'src/cli/main.js'),
    {
      name: 'place',
      // Whatever looks for a file beside itself finds it where it was.
      transform(code, id) {
        if (!id.startsWith(dist) || !code.includes('import.meta.url')) return null;
        const place = JSON.stringify(relative(folder, id));
        return code.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`);
      },
    },
    { dir: folder, entryFileNames: 'main.js', chunkFileNames: '[name].js' },
  );
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
  await bundle(
    entry,
    {
      name: 'entry',
      resolveId: (id) => (id === entry ? id : null),
      load: (id) => (id === entry ? source : null),
    },
    { file: join(folder, 'worker.js'), codeSplitting: false },
  );
}

async function bundle(input: string, plugin: InputOptions['plugins'], output: OutputOptions): Promise<void> {
  const made = await rolldown({
    input,
    platform: 'node',
    external: (id) => /^[^./]/.test(id) && !TAKEN_IN.test(id),
    plugins: [plugin],
    // What is built elsewhere takes the packages of this folder.
    resolve: { modules: [join(root, 'node_modules')] },
  });
  await made.write({
    ...output,
    format: 'esm',
    postBanner: ({ moduleIds }) =>
      moduleIds.some((id) => id.includes('/node_modules/zod/')) ? `/*! zod\n${licence}*/` : '',
  });
  await made.close();
}

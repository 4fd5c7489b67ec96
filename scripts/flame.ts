// Where the time of a transfer goes: one file is published, fetched and verified by two real nodes under V8's sampling
// profiler; for every thread that worked a flame graph (SVG) and its profile (.cpuprofile, for any viewer) are kept, and the functions that took most are
// printed. Native work (TLS, hashing, system calls) stands under the function that called it.
//   npm run flame -- [--size BYTES] [--out FOLDER]
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { folder, NodeProcess } from '../bench/node-process.ts';
import { inWorkplace, warm, writeBytes } from '../bench/workplace.ts';
import { type CpuProfile, type Frame, flameGraph, framesOf } from './flame-graph.ts';

/** A thread that worked less is not shown. */
const LEAST_MS = 50;
const TOP = 15;

const { values } = parseArgs({
  options: { size: { type: 'string', default: String(2 ** 30) }, out: { type: 'string', default: 'flame' } },
});
const size = Number(values.size);
const out = resolve(values.out);

await mkdir(out, { recursive: true });
await inWorkplace(async (root) => {
  const source = join(await folder(root, 'source'), 'file.bin');
  await writeBytes(source, size);
  const profiled = (name: string) => ({
    NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${join(root, `profiles-${name}`)}`,
  });
  const seeder = await NodeProcess.start(join(root, 'seeder'), profiled('seeder'));
  const downloader = await NodeProcess.start(join(root, 'downloader'), profiled('downloader'));
  const { link, share_id } = await seeder.run<{ link: string; share_id: string }>('publish', source);
  await downloader.run('subscribe', link);
  await warm(source);
  const { seconds } = await downloader.run<{ seconds: number }>('get', share_id, '-o', join(root, 'out'));
  await downloader.stop();
  await seeder.stop();
  process.stdout.write(`${size} bytes in ${seconds.toFixed(2)} s under the profiler\n`);
  for (const name of ['seeder', 'downloader']) await show(name, join(root, `profiles-${name}`));
});

async function show(node: string, profiles: string): Promise<void> {
  for (const file of (await readdir(profiles)).sort()) {
    const text = await readFile(join(profiles, file), 'utf8');
    const profile = JSON.parse(text) as CpuProfile;
    const root = framesOf(profile);
    if (root.total < LEAST_MS) continue;
    const thread = `${node}-${threadOf(profile)}`;
    await writeFile(join(out, `${thread}.cpuprofile`), text);
    await writeFile(join(out, `${thread}.svg`), flameGraph(root, thread));
    process.stdout.write(`\n${thread}: ${root.total.toFixed(0)} ms of work\n`);
    for (const [name, ms] of top(root)) process.stdout.write(`${ms.toFixed(0).padStart(8)} ms  ${name}\n`);
  }
}

/** The actor whose module it loaded. */
function threadOf({ nodes }: CpuProfile): string {
  for (const { callFrame } of nodes) {
    const actor = /actors\/([a-z]+)\/(?:actor|pool-worker)\.[jt]s$/.exec(callFrame.url)?.[1];
    if (actor !== undefined) return actor;
  }
  return 'main';
}

/** Functions by the time in themselves. */
function top(root: Frame): [string, number][] {
  const own = new Map<string, number>();
  const visit = (frame: Frame) => {
    own.set(frame.name, (own.get(frame.name) ?? 0) + frame.own);
    for (const child of frame.children.values()) visit(child);
  };
  visit(root);
  return [...own].sort((a, b) => b[1] - a[1]).slice(0, TOP);
}

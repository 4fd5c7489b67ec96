// What a live node of the reference gives its own kind, and what it gives Granary, over TCP and over QUIC: the same file from
// the same node, one after another. `GRANARY_REFPEERS` names the programs (`refpeer`), one of each dialect, with a colon
// between them.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folder, NodeProcess } from '../../bench/node-process.ts';
import { round } from '../../bench/statistics.ts';
import { sha256Of, warm, writeBytes } from '../../bench/workplace.ts';
import { Reference } from '../../conformance/live/reference.ts';

const MiB = 2 ** 20;
const LARGE = 512 * MiB;
/** Over TCP two of the reference move 2.6 MiB/s. */
const SMALL = 32 * MiB;
const TRANSPORTS = ['tcp', 'quic'] as const;
/** Downloads of each; the fastest counts, for either side. */
const REPEATS = 3;

interface Published {
  readonly link: string;
  readonly items: readonly { readonly content_id: string }[];
}

const programs = (process.env.GRANARY_REFPEERS ?? '').split(':').filter((path) => path !== '');
if (programs.length === 0) {
  process.stderr.write(
    'name the programs in GRANARY_REFPEERS, one of each dialect, with a colon between them\n',
  );
  process.exit(2);
}
for (const program of programs) {
  const root = await mkdtemp(join(tmpdir(), 'granary-reference-'));
  const seeder = await Reference.start({ program, args: ['--unlimited'] });
  try {
    const [large, small] = [await published(seeder, root, LARGE), await published(seeder, root, SMALL)];
    for (const transport of TRANSPORTS) {
      const own = await fastest(() =>
        toItsKind(program, seeder, transport, root, transport === 'tcp' ? small : large),
      );
      const ours = await fastest(() => toGranary(seeder, transport, root, large));
      process.stdout.write(
        `${seeder.ready.version}, ${transport}: ${round(own)} MiB/s to its own kind, ${round(ours)} to Granary: ${round(ours / own)} times as much\n`,
      );
    }
  } finally {
    await seeder.stop();
    await rm(root, { recursive: true, force: true });
  }
}

async function published(
  seeder: Reference,
  root: string,
  size: number,
): Promise<Published & { path: string }> {
  const path = join(root, `${size}.bin`);
  await writeBytes(path, size, size);
  const share = await seeder.must<Published & object>('publish', {
    files: [path],
    label: `${size}`,
    title: `${size}`,
  });
  return { ...share, path };
}

type Source = Awaited<ReturnType<typeof published>>;
type Transport = (typeof TRANSPORTS)[number];

async function fastest(run: () => Promise<number>): Promise<number> {
  const speeds: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) speeds.push(await run());
  return Math.max(...speeds);
}

/** MiB a second. */
async function toItsKind(
  program: string,
  seeder: Reference,
  transport: Transport,
  root: string,
  source: Source,
): Promise<number> {
  const address = seeder.address(transport);
  const reader = await Reference.start({ program, args: ['--unlimited'], bootstrap: [address] });
  try {
    await reader.must('subscribe', { link: source.link });
    await reader.must('sync', {});
    await warm(source.path);
    const out = join(root, 'own.bin');
    const from = performance.now();
    const [{ content_id }] = source.items as [Published['items'][number]];
    await reader.must('download', { content_id, out, peers: [address], self_seed: false });
    return await speed(source.path, out, performance.now() - from);
  } finally {
    await reader.stop();
  }
}

async function toGranary(
  seeder: Reference,
  transport: Transport,
  root: string,
  source: Source,
): Promise<number> {
  const env = { GRANARY_TRANSPORT_POLICY: `${transport}-only` };
  const home = join(root, 'granary');
  const node = await NodeProcess.start(home, env, 0, [`${transport}://127.0.0.1:0`]);
  try {
    await node.run('connect', seeder.address(transport));
    await node.run('subscribe', source.link);
    await warm(source.path);
    const [{ content_id }] = source.items as [Published['items'][number]];
    const out = await folder(root, 'into');
    const got = await node.run<{ seconds: number; files: { path: string }[] }>('get', content_id, '-o', out);
    return await speed(source.path, got.files[0]!.path, got.seconds * 1000);
  } finally {
    await node.stop();
    await rm(home, { recursive: true, force: true });
    await rm(join(root, 'into'), { recursive: true, force: true });
  }
}

async function speed(source: string, got: string, ms: number): Promise<number> {
  if ((await sha256Of(got)) !== (await sha256Of(source)))
    throw new Error('what came is not what was published');
  return (await stat(got)).size / MiB / (ms / 1000);
}

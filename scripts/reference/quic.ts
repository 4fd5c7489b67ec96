// Live nodes of the reference over QUIC alone: what they publish is downloaded from them, what we publish they download from
// us. `GRANARY_REFPEERS` names the programs (`refpeer`), one of each dialect, with a colon between them.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folder, NodeProcess } from '../../bench/node-process.ts';
import { sha256Of, writeBytes } from '../../bench/workplace.ts';
import { ReferencePeer } from './peer.ts';

const SIZE = 20_000_000;
/** For the walk of a sync, which retries by itself. */
const TRIES = 20;

interface Got {
  readonly files: readonly { readonly path: string }[];
}

interface Reference {
  readonly item: string;
  readonly link: string;
  readonly address: string;
}

const programs = (process.env.GRANARY_REFPEERS ?? '').split(':').filter((path) => path !== '');
if (programs.length === 0) {
  process.stderr.write(
    'name the programs in GRANARY_REFPEERS, one of each dialect, with a colon between them\n',
  );
  process.exit(2);
}
let failed = 0;
for (const program of programs) {
  const root = await mkdtemp(join(tmpdir(), 'granary-reference-'));
  try {
    await both(program, root);
  } catch (error) {
    failed++;
    process.stdout.write(`${program}: ${error instanceof Error ? error.stack : error}\n`);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
process.exit(failed === 0 ? 0 : 1);

async function both(program: string, root: string): Promise<void> {
  const env = { GRANARY_TRANSPORT_POLICY: 'quic-only' };
  const ours = await NodeProcess.start(join(root, 'ours'), env, 0, ['quic://127.0.0.1:0']);
  const [address = ''] = ours.addresses;
  let peer: ReferencePeer | null = null;
  try {
    const [tcp, quic] = [await freePort(), await freePort()];
    const flags = [
      '--tcp',
      `127.0.0.1:${tcp}`,
      '--quic',
      `127.0.0.1:${quic}`,
      '--advertise',
      `quic://127.0.0.1:${quic}`,
    ];
    peer = await ReferencePeer.start(program, ...flags, '--bootstrap', address, '--unlimited');
    const { version } = peer.ready;
    const theirs = await publishThere(peer, root);
    await ours.run('connect', theirs.address);
    const { peers } = await ours.run<{ peers: { transport: string; dialect: string }[] }>('peers');
    const dialect = peers.find(({ transport }) => transport === 'quic')?.dialect;
    say(`${version}: connected over ${peers.map(({ transport }) => transport)}, dialect ${dialect}`);
    await ours.run('subscribe', theirs.link);
    const from = performance.now();
    const got = await ours.run<Got>('get', theirs.item, '--output', await folder(root, 'into'));
    const same = (await sha256Of(got.files[0]!.path)) === (await sha256Of(join(root, 'theirs.bin')));
    if (!same) throw new Error('what came over QUIC is not what they have');
    say(`${version}: ${rate(from)} from it`);
    await downloadThere(peer, ours, address, root, `${version}`);
  } finally {
    peer?.stop();
    await ours.stop();
  }
}

async function publishThere(peer: ReferencePeer, root: string): Promise<Reference> {
  const path = join(root, 'theirs.bin');
  await writeBytes(path, SIZE, 1);
  const told = await peer.run({ cmd: 'publish', files: [path], title: 'theirs' });
  const [item] = told.items as { content_id: string }[];
  return { item: item!.content_id, link: told.link as string, address: `quic://${peer.ready.quic}` };
}

async function downloadThere(
  peer: ReferencePeer,
  ours: NodeProcess,
  address: string,
  root: string,
  version: string,
): Promise<void> {
  const path = join(await folder(root, 'source'), 'ours.bin');
  await writeBytes(path, SIZE, 2);
  const { link } = await ours.run<{ link: string }>('publish', path, '--public');
  await peer.run({ cmd: 'subscribe', link });
  let content: string | undefined;
  for (let tries = 0; content === undefined; tries++) {
    if (tries === TRIES) throw new Error('the reference does not find our share');
    await peer.run({ cmd: 'sync' });
    const { items, hits, results } = await peer.run({ cmd: 'search', text: 'ours' });
    content = ((items ?? hits ?? results) as { content_id: string }[] | undefined)?.[0]?.content_id;
  }
  const out = join(root, 'ours-there.bin');
  const from = performance.now();
  await peer.run({ cmd: 'download', content_id: content, out, peers: [address] });
  if ((await sha256Of(out)) !== (await sha256Of(path)))
    throw new Error('what it downloaded is not what we have');
  say(`${version}: ${rate(from)} to it`);
}

/** The reference takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function rate(from: number): string {
  return `${((SIZE / 1e6 / (performance.now() - from)) * 1000).toFixed(1)} MB/s`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

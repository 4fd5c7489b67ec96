import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { blake3 } from '@noble/hashes/blake3.js';
import type { NodeClient } from '../../../src/cli/client.ts';
import type { ProviderRow } from './rows.ts';
import { HostileProvider } from './server.ts';
import { HostileShare } from './share.ts';

/** What a node names its unfinished files. */
const UNFINISHED = /^\.granary-[0-9a-f]{12}-\d+\.part$/;
/** Control characters, and those that turn text around or have no width. */
const UNSAFE = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

/** Has the node meet one hostile provider. Null: what must come of it came; else what came instead. */
export async function runProvider(
  client: NodeClient,
  work: string,
  row: ProviderRow,
): Promise<string | null> {
  const share = new HostileShare();
  const provider = await HostileProvider.start(share, row.misdeed);
  const parent = await mkdtemp(join(work, 'met-'));
  const directory = join(parent, 'out');
  const id = share.id.toString('hex');
  try {
    const { error } = await client.call('subscribe', { link: provider.link });
    let fault: Fault | null = error;
    if (row.does === 'get') {
      if (fault !== null) return `subscribing failed: ${told(fault)}`;
      fault = await faultOf(client.call('get', { target: id, directory }, { onEvent: () => {} }));
    }
    const came = fault?.code ?? 'success';
    if (row.must.length === 0 ? fault !== null : !row.must.includes(came)) {
      return fault === null ? 'it went well' : told(fault);
    }
    return row.does === 'get'
      ? await lookAt(parent, directory, fault === null, await client.call('items', { share: id }))
      : null;
  } finally {
    provider.close();
    const { transfers } = await client.call('queue', {});
    const ids = transfers.filter(({ target }) => target === id).map((transfer) => transfer.id);
    if (ids.length > 0) await client.call('cancel_transfers', { ids });
    await client.call('unsubscribe', { share: id }).catch(() => {});
    await gone(client, provider.address);
    await rm(parent, { recursive: true, force: true });
  }
}

/** What lies in the folder after a download that went well, or did not. */
async function lookAt(
  parent: string,
  directory: string,
  well: boolean,
  { items }: { items: readonly { content_id: string }[] },
): Promise<string | null> {
  const beside = await readdir(parent);
  if (beside.some((name) => name !== 'out')) return `it left the folder: ${beside}`;
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && !UNFINISHED.test(entry.name));
  const others = entries.filter((entry) => !entry.isFile() && !entry.isDirectory());
  if (others.length > 0) return `it made what is no file: ${others.map(({ name }) => name)}`;
  if (!well) return files.length === 0 ? null : `a wrong file got a name: ${files.map(({ name }) => name)}`;
  const wanted = new Set(items.map((each) => each.content_id));
  if (files.length !== items.length) return `${files.length} files of ${items.length}`;
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    const inside = path.slice(directory.length);
    if (!path.startsWith(directory + sep) || UNSAFE.test(inside))
      return `an unsafe name: ${JSON.stringify(inside)}`;
    const id = Buffer.from(blake3(await readFile(path))).toString('hex');
    if (!wanted.delete(id)) return `wrong bytes at ${JSON.stringify(inside)}`;
  }
  return null;
}

interface Fault {
  readonly code: string;
  readonly message: string;
}

const told = ({ code, message }: Fault) => `${code}: ${message}`;

async function faultOf(call: Promise<unknown>): Promise<Fault | null> {
  try {
    await call;
    return null;
  } catch (error) {
    return error as Fault;
  }
}

/** Who is connected is asked for whatever the next row is about: until the node has seen the end of a provider. */
async function gone(client: NodeClient, address: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    const { peers } = await client.call('peers', {});
    if (peers.every((peer) => peer.address !== address)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

import { basename, join } from 'node:path';
import type { Node } from '../../test/e2e/granary-process.ts';
import { must } from './expect.ts';
import { sha256Of } from './material.ts';
import type { Reference } from './reference.ts';

/** A share as whoever wants it gets to know it, and what its files hold. */
export interface Share {
  readonly link: string;
  readonly shareId: string;
  readonly manifestId: string;
  /** Content ids by file name. */
  readonly contents: ReadonlyMap<string, string>;
}

interface Item {
  readonly content_id: string;
  readonly name: string;
}

export async function publishAtGranary(
  node: Node,
  paths: readonly string[],
  ...options: string[]
): Promise<Share> {
  const result = await node.must<{ link: string; share_id: string; manifest_id: string }>(
    'publish',
    ...paths,
    ...options,
  );
  const { items } = await node.must<{ items: Item[] }>('items', result.share_id);
  return {
    link: result.link,
    shareId: result.share_id,
    manifestId: result.manifest_id,
    contents: new Map(items.map((item) => [item.name, item.content_id])),
  };
}

interface ReferencePublish {
  readonly link: string;
  readonly share_id: string;
  readonly manifest_id: string;
  readonly items: readonly Item[];
}

export async function publishAtReference(reference: Reference, what: object): Promise<Share> {
  const result = await reference.must<ReferencePublish>('publish', { republish: false, ...what });
  return {
    link: result.link,
    shareId: result.share_id,
    manifestId: result.manifest_id,
    contents: new Map(result.items.map((item) => [item.name, item.content_id])),
  };
}

/** A link without any address in it, as the reference writes them. */
export const bareLink = (link: string): string => link.replace(/\?.*$/, '');

/** A reference node follows the share, from one address alone. */
export async function followByReference(reference: Reference, share: Share, peer: string): Promise<void> {
  await reference.must('subscribe', { link: share.link });
  await reference.must('sync', { peers: [peer] });
  const items = await reference.must<Item[]>('items', { share_id: share.shareId });
  must(items.length === share.contents.size, `${items.length} items instead of ${share.contents.size}`);
}

/** A Granary node follows the share. */
export async function followByGranary(node: Node, share: Share, link = share.link): Promise<void> {
  await node.must('subscribe', link);
  const { shares } = await node.must<{ shares: { share_id: string; items: number; error: unknown }[] }>(
    'sync',
    share.shareId,
  );
  const synced = shares.find(({ share_id }) => share_id === share.shareId);
  must(synced !== undefined && synced.error === null, `no sync: ${JSON.stringify(synced)}`);
  must(synced.items === share.contents.size, `${synced.items} items instead of ${share.contents.size}`);
}

/** What is told of a download. */
export const fetchedIn = (seconds: number): string => `fetched in ${seconds.toFixed(2)} s`;

/** A reference node fetches one file from one address; its octets must be those of the original. The seconds it took. */
export async function downloadByReference(
  reference: Reference,
  share: Share,
  original: string,
  out: string,
  peer: string,
): Promise<number> {
  const content_id = share.contents.get(basename(original));
  must(content_id !== undefined, `no item ${basename(original)}`);
  const { seconds } = await reference.must<{ seconds: number }>('download', {
    content_id,
    out,
    peers: [peer],
  });
  await mustBeSame(original, out);
  return seconds;
}

/** A Granary node fetches one file, or all, into a folder; the octets must be those of the originals. The seconds it took. */
export async function downloadByGranary(
  node: Node,
  share: Share,
  originals: readonly string[],
  folder: string,
  target = share.shareId,
): Promise<number> {
  const result = await node.must<{ files: { path: string }[]; seconds: number }>('get', target, '-o', folder);
  must(
    result.files.length === originals.length,
    `${result.files.length} files instead of ${originals.length}`,
  );
  const byName = new Map(result.files.map(({ path }) => [basename(path), path]));
  for (const original of originals) {
    const path = byName.get(basename(original));
    must(path !== undefined, `${basename(original)} is missing`);
    await mustBeSame(original, path.startsWith('/') ? path : join(folder, path));
  }
  return result.seconds;
}

export async function mustBeSame(original: string, copy: string): Promise<void> {
  must((await sha256Of(original)) === (await sha256Of(copy)), `${basename(copy)} has other octets`);
}

/** A search that finds the file by its name. */
export async function searchByReference(reference: Reference, share: Share, name: string): Promise<void> {
  const { results } = await reference.must<{ results: { share_id: string; name: string }[] }>('search', {
    text: name,
  });
  const hit = results.some((result) => result.share_id === share.shareId && result.name === name);
  must(hit, `no hit for ${name} among ${results.length}`);
}

export async function searchByGranary(node: Node, share: Share, name: string): Promise<void> {
  const { hits } = await node.must<{ hits: { share_id: string; name: string }[] }>('search', name);
  const hit = hits.some((result) => result.share_id === share.shareId && result.name === name);
  must(hit, `no hit for ${name} among ${hits.length}`);
}

import { basename } from 'node:path';
import { type Cell, everywhere, type Group, type Place } from '../cell.ts';
import { must } from '../expect.ts';
import { BEYOND_LIMIT, fileOf, filesIn, folderOf, LARGE, SIZES } from '../files.ts';
import {
  downloadByGranary,
  fetchedIn,
  followByGranary,
  publishAtReference,
  type Share,
  searchByGranary,
} from '../flows.ts';
import type { Reference } from '../reference.ts';
import { addressOf, type World } from '../world.ts';

const shares = new WeakMap<Reference, Map<string, Promise<Share>>>();

/** One share of a reference node, published once a run. */
function shareOf(reference: Reference, name: string, what: () => Promise<object>): Promise<Share> {
  const all = shares.get(reference) ?? new Map<string, Promise<Share>>();
  shares.set(reference, all);
  const known = all.get(name) ?? what().then((it) => publishAtReference(reference, { title: name, ...it }));
  all.set(name, known);
  return known;
}

/** The Granary node whose bootstrap node is a reference node, on that transport; needs one that dials it. */
async function both(world: World, place: Place, kind: 'plain' | 'limited' = 'plain') {
  // A build that cannot listen on a transport cannot dial on it either.
  addressOf(await world.granary('server'), place.transport);
  const reference = await world.reference(place.dialect, kind, kind === 'plain' ? ['--unlimited'] : []);
  const bootstrap = [`${reference.address(place.transport)}@${reference.ready.node_pubkey}`];
  const node = await world.granary(`follower-${kind}-${place.dialect}-${place.transport}`, bootstrap);
  return { reference, node };
}

const chunkSizes = (world: World, reference: Reference) =>
  shareOf(reference, 'chunk sizes', async () => ({
    files: await Promise.all(SIZES.map((size) => fileOf(world, size))),
  }));
const ofSize = (world: World, reference: Reference, size: number) =>
  shareOf(reference, `of ${size}`, async () => ({ files: [await fileOf(world, size)] }));

const large = (name: string, size: number, kind: 'plain' | 'limited'): Cell[] =>
  everywhere(name, async (world, place) => {
    const { reference, node } = await both(world, place, kind);
    const share = await ofSize(world, reference, size);
    await followByGranary(node, share);
    return fetchedIn(await downloadByGranary(node, share, [await fileOf(world, size)], world.path('got')));
  });

export const flowsToUs: Group = {
  name: 'Whole flows: the reference publishes, Granary fetches',
  about:
    'A Granary process whose bootstrap node is a reference node follows its shares by their links, searches, downloads, and the octets are compared.',
  cells: [
    ...everywhere('subscribe by link, sync, search', async (world, place) => {
      const { reference, node } = await both(world, place);
      const share = await chunkSizes(world, reference);
      await followByGranary(node, share);
      await searchByGranary(node, share, basename(await fileOf(world, 1)));
    }),
    ...everywhere('a private share: by its link', async (world, place) => {
      const { reference, node } = await both(world, place);
      const share = await shareOf(reference, 'private', async () => ({
        files: [await fileOf(world, 1_234)],
        visibility: 'private',
      }));
      await followByGranary(node, share);
      return fetchedIn(await downloadByGranary(node, share, [await fileOf(world, 1_234)], world.path('got')));
    }),
    ...everywhere('a second revision', async (world, place) => {
      const { reference, node } = await both(world, place);
      const label = `revised-${place.transport}`;
      const files = [await fileOf(world, 1_234)];
      const first = await publishAtReference(reference, { files, label, title: label });
      await followByGranary(node, first);
      const more = { files: [...files, await fileOf(world, 4_321)], label, title: label };
      const second = await publishAtReference(reference, more);
      must(second.shareId === first.shareId, 'another share');
      await followByGranary(node, second);
    }),
    ...SIZES.flatMap((size) =>
      everywhere(`download of ${size === 1 ? '1 byte' : `${size} bytes`}`, async (world, place) => {
        const { reference, node } = await both(world, place);
        const share = await chunkSizes(world, reference);
        await followByGranary(node, share);
        const original = await fileOf(world, size);
        const contentId = share.contents.get(basename(original))!;
        return fetchedIn(await downloadByGranary(node, share, [original], world.path('got'), contentId));
      }),
    ),
    ...everywhere('download of a folder of 240 files', async (world, place) => {
      const { reference, node } = await both(world, place);
      const folder = await folderOf(world);
      const share = await shareOf(reference, 'folder', async () => ({ folder }));
      await followByGranary(node, share);
      return fetchedIn(await downloadByGranary(node, share, await filesIn(folder), world.path('got')));
    }),
    ...large(
      'download of 620 chunks from a node with the shipped limit of 600 a minute',
      BEYOND_LIMIT,
      'limited',
    ),
    ...large('download of 600 MB', LARGE, 'plain'),
  ],
};

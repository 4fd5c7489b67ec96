import { basename, join } from 'node:path';
import { type Cell, everywhere, type Group, type Place } from '../cell.ts';
import { must } from '../expect.ts';
import { BEYOND_LIMIT, fileOf, filesIn, folderOf, LARGE, SIZES } from '../files.ts';
import {
  downloadByReference,
  fetchedIn,
  followByReference,
  mustBeSame,
  publishAtGranary,
  type Share,
  searchByReference,
} from '../flows.ts';
import type { Reference } from '../reference.ts';
import { addressOf, type World } from '../world.ts';

const shares = new WeakMap<World, Map<string, Promise<Share>>>();

/** One share of the answering Granary node, published once a run. */
function shareOf(
  world: World,
  name: string,
  paths: () => Promise<string[]>,
  ...options: string[]
): Promise<Share> {
  const all = shares.get(world) ?? new Map<string, Promise<Share>>();
  shares.set(world, all);
  const known =
    all.get(name) ??
    world.granary('server').then(async (node) => publishAtGranary(node, await paths(), ...options));
  all.set(name, known);
  return known;
}

const chunkSizes = (world: World) =>
  shareOf(world, 'chunk sizes', () => Promise.all(SIZES.map((size) => fileOf(world, size))), '--public');
const ofSize = (world: World, size: number) =>
  shareOf(world, `of ${size}`, async () => [await fileOf(world, size)], '--public');

/** The reference node that follows and fetches, and the address at which it finds ours. */
async function both(world: World, place: Place): Promise<{ reference: Reference; peer: string }> {
  const node = await world.granary('server');
  const peer = addressOf(node, place.transport);
  return { reference: await world.reference(place.dialect, 'subscriber', []), peer };
}

const download = (what: string, size: number, share: (world: World) => Promise<Share>): Cell[] =>
  everywhere(`download of ${what}`, async (world, place) => {
    const { reference, peer } = await both(world, place);
    const published = await share(world);
    await followByReference(reference, published, peer);
    return fetchedIn(
      await downloadByReference(reference, published, await fileOf(world, size), world.path('got.bin'), peer),
    );
  });

export const flowsFromUs: Group = {
  name: 'Whole flows: Granary publishes, the reference fetches',
  about:
    'A reference node with its own limits follows shares of a Granary process by their links, searches, downloads, and the octets are compared.',
  cells: [
    ...everywhere('subscribe by link, sync, search', async (world, place) => {
      const { reference, peer } = await both(world, place);
      const share = await chunkSizes(world);
      await followByReference(reference, share, peer);
      await searchByReference(reference, share, basename(await fileOf(world, 1)));
    }),
    ...everywhere('a private share: by its link, and in no list', async (world, place) => {
      const { reference, peer } = await both(world, place);
      const share = await shareOf(world, 'private', async () => [await fileOf(world, 1_234)]);
      await followByReference(reference, share, peer);
      const { payload_hex } = await reference.must<{ payload_hex: string }>('list_public', {
        peer,
        max: 1000,
      });
      const listed = await chunkSizes(world);
      const asInts = (id: string) =>
        [...Buffer.from(id, 'hex')]
          .map((octet) => (octet < 24 ? '' : '18') + octet.toString(16).padStart(2, '0'))
          .join('');
      must(payload_hex.includes(asInts(listed.shareId)), 'the public share is not listed');
      must(!payload_hex.includes(asInts(share.shareId)), 'the private share is listed');
    }),
    ...everywhere('a second revision', async (world, place) => {
      const { reference, peer } = await both(world, place);
      const node = await world.granary('server');
      const name = `revised-${place.dialect}-${place.transport}`;
      const first = await publishAtGranary(node, [await fileOf(world, 1_234)], '--share', name);
      await followByReference(reference, first, peer);
      const second = await publishAtGranary(
        node,
        [await fileOf(world, 1_234), await fileOf(world, 4_321)],
        '--share',
        name,
      );
      await followByReference(reference, second, peer);
    }),
    ...SIZES.flatMap((size) => download(size === 1 ? '1 byte' : `${size} bytes`, size, chunkSizes)),
    ...everywhere('download of a folder of 240 files', async (world, place) => {
      const { reference, peer } = await both(world, place);
      const folder = await folderOf(world);
      const share = await shareOf(world, 'folder', async () => [folder], '--public');
      await followByReference(reference, share, peer);
      const dir = world.path('folder');
      await reference.must('download_share', { share_id: share.shareId, dir, peers: [peer] });
      const got = await filesIn(dir);
      must(got.length === share.contents.size, `${got.length} files instead of ${share.contents.size}`);
      const originals = new Map((await filesIn(folder)).map((path) => [basename(path), path]));
      for (const path of got) await mustBeSame(originals.get(basename(path))!, join(path));
    }),
    ...download('620 chunks, more than the reference gives in a minute', BEYOND_LIMIT, (world) =>
      ofSize(world, BEYOND_LIMIT),
    ),
    ...download('600 MB', LARGE, (world) => ofSize(world, LARGE)),
  ],
};

import { randomFile } from './material.ts';
import type { DialectNumber } from './reference-build.ts';
import type { World } from './world.ts';

/** What a node gives away, as both kinds of node tell of it. */
export interface Published {
  readonly link: string;
  readonly shareId: string;
  readonly shareKey: string;
  readonly manifestId: string;
  readonly contentId: string;
  readonly path: string;
}

const SIZE = 600_000;
const known = new WeakMap<World, Map<string, Promise<Published>>>();

function once(world: World, key: string, make: () => Promise<Published>): Promise<Published> {
  const all = known.get(world) ?? new Map<string, Promise<Published>>();
  known.set(world, all);
  const found = all.get(key) ?? make();
  all.set(key, found);
  return found;
}

interface ReferencePublish {
  readonly link: string;
  readonly share_id: string;
  readonly share_pubkey: string;
  readonly manifest_id: string;
  readonly items: readonly { readonly content_id: string; readonly name: string }[];
}

/** A public share of three chunks at the plain reference node. */
export const byReference = (world: World, dialect: DialectNumber): Promise<Published> =>
  once(world, `reference-${dialect}`, async () => {
    const path = await randomFile(world.path('of-the-reference.bin'), SIZE);
    const reference = await world.reference(dialect);
    const result = await reference.must<ReferencePublish>('publish', {
      files: [path],
      title: 'of the reference',
    });
    return {
      link: result.link,
      shareId: result.share_id,
      shareKey: result.share_pubkey,
      manifestId: result.manifest_id,
      contentId: result.items[0]!.content_id,
      path,
    };
  });

interface GranaryPublish {
  readonly link: string;
  readonly share_id: string;
  readonly share_key: string;
  readonly manifest_id: string;
}

/** The same at the Granary node that answers. */
export const byGranary = (world: World): Promise<Published> =>
  once(world, 'granary', async () => {
    const path = await randomFile(world.path('of-granary.bin'), SIZE);
    const node = await world.granary('server');
    const result = await node.must<GranaryPublish>('publish', path, '--public', '--title', 'of granary');
    const { items } = await node.must<{ items: { content_id: string }[] }>('items', result.share_id);
    return {
      link: result.link,
      shareId: result.share_id,
      shareKey: result.share_key,
      manifestId: result.manifest_id,
      contentId: items[0]!.content_id,
      path,
    };
  });

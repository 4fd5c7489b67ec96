import type { HeldEntry } from '../../recheck-types.ts';
import type { ShareRoot } from '../../share-types.ts';
import { isBelowUnmounted, isUnmounted } from '../../unmounted.ts';
import type { TransferContext } from '../context.ts';

/** Tells files that are gone from those whose disk is: of an own file by the place its share is published from. */
export class MissingFiles {
  readonly #context: TransferContext;
  #roots: Promise<ReadonlyMap<string, readonly ShareRoot[]>> | null = null;
  /** Of folders that shares are published from; looked at once a recheck. */
  readonly #unmounted = new Map<string, Promise<boolean>>();

  constructor(context: TransferContext) {
    this.#context = context;
  }

  async isOffline({ shareId, path }: Pick<HeldEntry, 'shareId' | 'path'>): Promise<boolean> {
    if (shareId === null) return await isBelowUnmounted(path);
    this.#roots ??= this.#rootsOfShares();
    const roots = (await this.#roots).get(shareId) ?? [];
    const folder = roots.find((root) => root.kind === 'folder' && path.startsWith(withEnd(root.path)));
    return folder === undefined ? await isBelowUnmounted(path) : await this.#isUnmounted(folder.path);
  }

  #isUnmounted(folder: string): Promise<boolean> {
    const known = this.#unmounted.get(folder) ?? isUnmounted(folder);
    this.#unmounted.set(folder, known);
    return known;
  }

  async #rootsOfShares(): Promise<ReadonlyMap<string, readonly ShareRoot[]>> {
    const shares = await this.#context.refs.store.ask('ownShares', null);
    return new Map(shares.map(({ shareId, roots }) => [shareId, roots]));
  }
}

const withEnd = (path: string): string => (path.endsWith('/') ? path : `${path}/`);

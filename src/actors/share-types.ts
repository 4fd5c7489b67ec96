import type { ContentSource, Hex, JudgedSource } from './content-types.ts';

// Shares, their revisions and their items, own ones and subscribed ones, as the store has them.

/** One file of a share, as its manifest lists it. */
export interface CatalogItem {
  readonly contentId: Hex;
  readonly size: number;
  readonly name: string;
  /** Path inside the share, with `/`; null: the name alone. */
  readonly path: string | null;
  readonly mime: string | null;
  readonly tags: readonly string[];
  readonly chunkCount: number;
  readonly chunkListHash: Hex;
}

export interface ItemRow extends CatalogItem {
  readonly shareId: Hex;
}

/**
 * What is known of where listed files lie here, one for each: of an own share their sources, null where none is known; of any
 * other (roots: null) whether they are served.
 */
export type ItemPlaces =
  | { readonly roots: readonly ShareRoot[]; readonly sources: readonly (JudgedSource | null)[] }
  | { readonly roots: null; readonly states: readonly ('held' | 'remote')[] };

/** What a list tells of a file. */
export type ListedItem = Pick<ItemRow, 'contentId' | 'path' | 'name' | 'size' | 'chunkCount'>;

/** A part of a share's list. */
export interface SharePage {
  readonly items: readonly ListedItem[];
  readonly places: ItemPlaces;
  /** Cursor of the next page; null: this was the last. */
  readonly next: number | null;
  /** Where changes are to be followed from. */
  readonly revision: string;
}

/** A place that a share is published from. */
export interface ShareRoot {
  readonly path: string;
  readonly kind: 'file' | 'folder';
  /** Its path inside the share; empty for a folder that is the share. */
  readonly inside: string;
}

export interface OwnShare {
  readonly shareId: Hex;
  readonly shareKey: Hex;
  /** The operator's name for it; unique on this node. */
  readonly name: string;
  readonly title: string | null;
  readonly public: boolean;
  /** 0 and null until the first revision. */
  readonly seq: number;
  readonly manifestId: Hex | null;
  readonly items: number;
  readonly bytes: number;
  readonly updatedAt: number;
  /** What it was published from, and is again when nothing else is said. Empty when that is not known. */
  readonly roots: readonly ShareRoot[];
  /** On each of its items. */
  readonly tags: readonly string[];
  /** Shares that its files are spread over because one does not carry them; 0: it carries them itself. */
  readonly volumes: number;
  /** Published by itself when its files change. */
  readonly watch: boolean;
  /** Newer revisions than `seq` may be out: the share was restored or its key imported, and not published since. */
  readonly unsure: boolean;
}

export type Trust = 'trusted' | 'normal' | 'untrusted';

export interface Subscription {
  readonly shareId: Hex;
  readonly shareKey: Hex;
  readonly trust: Trust;
  readonly weight: number;
  /** Where the share was offered: addresses of its link, `tcp://ip:port[@key]`. */
  readonly peers: readonly string[];
  readonly title: string | null;
  readonly description: string | null;
  /** Null until the first sync. */
  readonly seq: number | null;
  readonly manifestId: Hex | null;
  /** Address of the peer that the manifest came from. */
  readonly source: string | null;
  readonly items: number;
  readonly bytes: number;
  /** Shares that its files are spread over, as its manifest lists them; empty: it has its files itself. */
  readonly volumes: readonly Hex[];
  /** Of a volume: the share it belongs to. Trust, weight and peers are those of that share. */
  readonly root: Hex | null;
  readonly lastSync: number | null;
  readonly lastError: { readonly code: string; readonly message: string } | null;
}

/** A revision to be signed by the store, which alone holds the share's key. */
export interface Revision {
  readonly shareId: Hex;
  readonly title: string | null;
  readonly public: boolean;
  readonly items: readonly CatalogItem[];
  readonly sources: readonly (ContentSource & { readonly inside: string })[];
  readonly roots: readonly ShareRoot[];
  readonly tags: readonly string[];
  readonly watch: boolean;
  /** Of a collection: its volumes; of a volume: the collection alone. */
  readonly recommended: readonly Hex[];
  /** The highest number that somebody else was seen with; 0: none. The revision gets a higher one. */
  readonly seenSeq: number;
}

export interface CommittedRevision {
  readonly seq: number;
  readonly manifestId: Hex;
  /** False when the catalog is the one already published: then nothing was signed. */
  readonly changed: boolean;
}

/** Changes of lists. Ids are those of shares as they are listed: a volume's are those of its collection. */
export interface StoreChanges {
  /** To ask with the next time. */
  readonly revision: string;
  /** The revision asked with is not known (any more): everything is to be listed anew. */
  readonly reset: boolean;
  /** There are more changes behind this revision. */
  readonly more: boolean;
  /** Shares whose rows changed, that came, or that went. */
  readonly shares: readonly Hex[];
  /** Shares of whose files too many changed to be named. */
  readonly relist: readonly Hex[];
  /** Files that changed or came; null: that went. */
  readonly files: readonly {
    readonly shareId: Hex;
    readonly path: string;
    readonly item: ListedItem | null;
  }[];
  /** Where those that are there lie, by their shares, in their order. */
  readonly places: readonly { readonly shareId: Hex; readonly places: ItemPlaces }[];
}

import type { ItemState } from '../../actors/publish/contract.ts';
import type { Trust } from '../../actors/share-types.ts';
import type { Disagreement, SyncFailure } from '../../actors/sync/contract.ts';

export interface SubscribeResult {
  readonly share_id: string;
  readonly title: string | null;
  /** Null until the first sync. */
  readonly seq: number | null;
  readonly items: number;
  /** Shares that its files are spread over; 0: it has them itself. */
  readonly volumes: number;
  readonly trust: Trust;
  readonly weight: number;
  /** Why the share is still empty; null when the first sync went well. */
  readonly error: SyncFailure | null;
}

export interface SubscriptionRow {
  readonly share_id: string;
  readonly title: string | null;
  readonly seq: number | null;
  readonly items: number;
  readonly bytes: number;
  readonly volumes: number;
  readonly trust: Trust;
  readonly weight: number;
  readonly last_sync: string | null;
  readonly last_error: SyncFailure | null;
  /** Signed heads of it that contradict each other, or the revision that is held; null: none was met. */
  readonly disagreement:
    | (Omit<Disagreement, 'since'> & {
        readonly since: string;
      })
    | null;
  /** Syncs in a row that failed. */
  readonly failures: number;
  /** Until then it is not looked for by itself, because it failed; null: the next pass does. */
  readonly next_try: string | null;
}

export interface ShareRow {
  readonly share_id: string;
  /** True for shares published here, false for subscribed ones. */
  readonly own: boolean;
  /** The operator's name for an own share. */
  readonly name: string | null;
  readonly title: string | null;
  readonly public: boolean | null;
  readonly seq: number | null;
  readonly manifest_id: string | null;
  readonly items: number;
  readonly bytes: number;
  /** Shares that its files are spread over; 0: it has them itself. */
  readonly volumes: number;
  readonly updated_at: string | null;
  /** Only of own shares. */
  readonly link: string | null;
  /** Of own shares: how their files lie there, as far as it was noticed. */
  readonly state: ItemState | null;
  /** Of own shares: the places they are published from. */
  readonly paths: readonly string[];
  /** Of own shares: published by itself when its files change. */
  readonly watch: boolean;
  readonly tags: readonly string[];
}

export interface UnshareResult {
  readonly share_id: string;
  readonly name: string;
  /** Files that are not shared any more. */
  readonly items: number;
  readonly key: 'kept' | 'forgotten';
}

export interface ItemEntry {
  readonly content_id: string;
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly chunks: number;
  /** Of own shares: how the file lies there now. Of others: `held`: this node could serve it; `remote`: it lies with others. */
  readonly state: ItemState | 'held' | 'remote';
}

/** What changed in the lists of shares and files since a revision. */
export interface ChangesResult {
  /** To ask with the next time. */
  readonly revision: string;
  /** The revision asked with is not known: everything is to be listed anew. */
  readonly reset: boolean;
  /** There are more changes behind this revision. */
  readonly more: boolean;
  /** Rows that changed or came. */
  readonly shares: readonly ShareRow[];
  readonly shares_gone: readonly string[];
  /** Shares of whose files too many changed to be named: to be listed anew. */
  readonly relist: readonly string[];
  readonly items: readonly (ItemEntry & { readonly share_id: string })[];
  readonly items_gone: readonly { readonly share_id: string; readonly path: string }[];
}

import { z } from 'zod';
import { ask, defineContract, stream } from '../../supervisor/contract/contract.ts';
import type { WireReply, WireRequest } from '../wire-request.ts';

export const publishConfig = z.strictObject({});

export interface PublishRequest {
  /** Absolute paths of files and folders. */
  readonly paths: readonly string[];
  readonly title: string | null;
  readonly public: boolean;
  /** The operator's name for the share; null: made from the first path. */
  readonly share: string | null;
}

/** Field names are those of the command's result: one vocabulary everywhere. */
export interface PublishResult {
  readonly share_id: string;
  readonly share_key: string;
  readonly link: string;
  readonly seq: number;
  readonly manifest_id: string;
  readonly items: number;
  readonly bytes: number;
  readonly hashed_bytes: number;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly seconds: number;
  /** Where the time went, in seconds. */
  readonly spent: { readonly walk: number; readonly hash: number; readonly commit: number };
}

export interface PublishProgress {
  readonly phase: 'walk' | 'hash' | 'commit';
  readonly files: number;
  readonly files_total: number;
  readonly bytes: number;
  readonly bytes_total: number;
  readonly rate: number;
  readonly eta: number | null;
}

export type PublishEvent =
  | { readonly kind: 'progress'; readonly progress: PublishProgress }
  | { readonly kind: 'done'; readonly result: PublishResult };

export const publishContract = defineContract({
  name: 'publish',
  uses: ['store', 'hashing', 'acceptor', 'sync'],
  config: publishConfig,
  metrics: ['files_published', 'shares_published'],
  messages: {
    publish: stream<PublishRequest, PublishEvent>(),
    /** Answers 402, 404, 406 and, in dialect 2, 410 to 417: this node has joined no community. */
    wire: ask<WireRequest, WireReply>(),
  },
});

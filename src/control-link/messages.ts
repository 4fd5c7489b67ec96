import { z } from 'zod';
import type { ErrorRecord } from '../supervisor/contract/actor-error.ts';

/**
 * What a client sends: a call under an id of its choice, unused while an earlier call has it; or, with the op
 * `cancel`, the end of the call of that id.
 */
export const requestSchema = z.object({
  /** Major version of the API the client was written for. */
  v: z.int().min(0),
  id: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  op: z.string().max(64),
  body: z.unknown().optional(),
});

export type Request = z.infer<typeof requestSchema>;

export const CANCEL = 'cancel';

/**
 * What the node answers: a plain call with one `ok`, a streaming one with any number of `item` and one `end`,
 * either of them with `err` when it fails.
 */
export type Answer =
  | { readonly id: number; readonly ok: unknown }
  | { readonly id: number; readonly item: unknown }
  | { readonly id: number; readonly end: unknown }
  | { readonly id: number; readonly err: ErrorRecord };

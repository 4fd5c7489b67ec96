import { z } from 'zod';
import { failure } from '../../errors.ts';
import type { Correction } from './contract.ts';
import { TIERS } from './score.ts';
import type { Place } from './shares.ts';

/** Room for a query of corrected words. */
export const MAX_CURSOR_LENGTH = 16_384;

/** Where a page ended. */
export interface Cursor {
  readonly place: Place;
  /** The query by then, when words of it were corrected; null: as typed. */
  readonly meant: { readonly text: string; readonly corrected: readonly Correction[] } | null;
}

const word = z.string().max(4096);
const written = z.strictObject({
  score: z.number(),
  tier: z.enum(TIERS),
  share: z.string().max(64),
  nth: z.int().min(0),
  text: word.optional(),
  corrected: z
    .array(z.strictObject({ typed: word, meant: word }))
    .max(64)
    .default([]),
});

/** Opaque text, safe in an address. */
export function formatCursor({ place, meant }: Cursor): string {
  const { score, tier, shareId: share, nth } = place;
  return Buffer.from(
    JSON.stringify({
      score,
      tier,
      share,
      nth,
      ...(meant && { text: meant.text, corrected: meant.corrected }),
    }),
  ).toString('base64url');
}

/** `E_USAGE` for what is none. */
export function parseCursor(cursor: string): Cursor {
  const parsed = cursor.length > MAX_CURSOR_LENGTH ? null : written.safeParse(jsonOf(cursor));
  if (!parsed?.success)
    throw failure('E_USAGE', 'that is no cursor of a search', { subject: cursor.slice(0, 80) });
  const { share: shareId, text, corrected, ...place } = parsed.data;
  return { place: { ...place, shareId }, meant: text === undefined ? null : { text, corrected } };
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
}

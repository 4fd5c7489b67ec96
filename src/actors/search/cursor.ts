import { failure } from '../../errors.ts';
import type { Correction } from './contract.ts';
import { TIERS, type Tier } from './score.ts';
import type { Place } from './shares.ts';

/** Room for a query of corrected words. */
export const MAX_CURSOR_LENGTH = 16_384;

/** Where a page ended. */
export interface Cursor {
  readonly place: Place;
  /** The query by then, when words of it were corrected; null: as typed. */
  readonly meant: { readonly text: string; readonly corrected: readonly Correction[] } | null;
}

/** As it is written. */
interface Written {
  readonly score: number;
  readonly tier: Tier;
  readonly share: string;
  readonly nth: number;
  readonly text?: string;
  readonly corrected?: readonly Correction[];
}

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
  const written = cursor.length > MAX_CURSOR_LENGTH ? null : jsonOf(cursor);
  if (!isWritten(written)) {
    throw failure('E_USAGE', 'that is no cursor of a search', { subject: cursor.slice(0, 80) });
  }
  const { score, tier, share: shareId, nth, text, corrected } = written;
  return {
    place: { score, tier, shareId, nth },
    meant: text === undefined ? null : { text, corrected: corrected ?? [] },
  };
}

function isWritten(value: unknown): value is Written {
  if (typeof value !== 'object' || value === null) return false;
  const { score, tier, share, nth, text, corrected } = value as Record<string, unknown>;
  return (
    Number.isFinite(score) &&
    TIERS.some((known) => known === tier) &&
    typeof share === 'string' &&
    Number.isSafeInteger(nth) &&
    (nth as number) >= 0 &&
    (text === undefined || typeof text === 'string') &&
    (corrected === undefined || (Array.isArray(corrected) && corrected.every(isCorrection)))
  );
}

function isCorrection(value: unknown): value is Correction {
  const { typed, meant } = (value ?? {}) as Record<string, unknown>;
  return typeof typed === 'string' && typeof meant === 'string';
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
}

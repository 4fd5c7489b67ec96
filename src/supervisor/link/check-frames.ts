import { FRAME, type Frame } from './frame.ts';

/**
 * What came over a socket as a frame, or null: a process on the other side may be of another version, or no friend.
 * Bodies are any value; whether they are what the contract says is for the handler to see.
 */
export function checkFrame(value: unknown): Frame | null {
  if (!Array.isArray(value)) return null;
  const [kind, first, second, third, fourth] = value as unknown[];
  switch (kind) {
    case FRAME.ask:
    case FRAME.open:
      return value.length === 5 && isCount(first) && isCount(second) && isDuration(fourth)
        ? [kind, first, second, third, fourth]
        : null;
    case FRAME.reply:
      return value.length === 3 && isCount(first) ? [kind, first, second] : null;
    case FRAME.fail:
      return value.length === 3 && isCount(first) && isErrorRecord(second) ? [kind, first, second] : null;
    case FRAME.end:
      return value.length === 3 && isCount(first) && (second === null || isErrorRecord(second))
        ? [kind, first, second]
        : null;
    case FRAME.tells:
    case FRAME.items:
      return value.length === 3 && isCount(first) && Array.isArray(second) ? [kind, first, second] : null;
    case FRAME.itemCredit:
      return value.length === 3 && isCount(first) && isCount(second) ? [kind, first, second] : null;
    case FRAME.cancel:
    case FRAME.credit:
      return value.length === 2 && isCount(first) ? [kind, first] : null;
    default:
      return null;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Infinity is one: a call without a deadline. */
const isDuration = (value: unknown): value is number => typeof value === 'number' && value >= 0;

function isErrorRecord(value: unknown, depth = 0): value is Extract<Frame, readonly [2, ...unknown[]]>[2] {
  if (typeof value !== 'object' || value === null || depth > 8) return false;
  const { code, message, subject, next, cause } = value as Record<string, unknown>;
  const text = (part: unknown) => part === undefined || typeof part === 'string';
  if (typeof code !== 'string' || typeof message !== 'string' || !text(subject) || !text(next)) return false;
  return cause === undefined || isErrorRecord(cause, depth + 1);
}

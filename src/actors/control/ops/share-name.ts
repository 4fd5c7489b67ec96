import { failure } from '../../../errors.ts';
import type { ControlRefs } from '../control-refs.ts';

const ID = /^[0-9a-f]{64}$/i;
/** Shorter beginnings of an id would be mistaken for names. */
const SHORT_ID = /^[0-9a-f]{6,63}$/i;

export const isId = (text: string): boolean => ID.test(text);

/**
 * The id of the share that an operator names: by its id, by the beginning of it (at least six digits), or, an
 * own one, by its name. `E_NOT_FOUND` for none, `E_USAGE` for several. A whole id is taken as it is.
 */
export async function shareIdOf(refs: ControlRefs, text: string, signal: AbortSignal): Promise<string> {
  if (isId(text)) return text.toLowerCase();
  const [own, subscribed] = await Promise.all([
    refs.store.ask('ownShares', null, { signal }),
    refs.store.ask('subscriptions', null, { signal }),
  ]);
  const named = own.find((share) => share.name === text);
  if (named) return named.shareId;
  const begin = text.toLowerCase();
  const ids = new Set([...own, ...subscribed].map((share) => share.shareId));
  const matches = SHORT_ID.test(text) ? [...ids].filter((id) => id.startsWith(begin)) : [];
  if (matches.length > 1) {
    throw failure('E_USAGE', `${matches.length} shares begin with ${begin}`, {
      subject: text,
      next: 'write more of the id',
    });
  }
  const [match] = matches;
  if (match === undefined)
    throw failure('E_NOT_FOUND', 'no share of that id or name here', { subject: text });
  return match;
}

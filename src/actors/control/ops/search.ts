import type { AskOperation } from '../operation.ts';
import { shareIdOf } from './share-name.ts';

export const search: AskOperation<'search'> = async (refs, body, signal) => {
  const { as_typed: asTyped, ...query } = body;
  const shares = await Promise.all(body.shares.map((share) => shareIdOf(refs, share, signal)));
  return refs.search.ask('search', { ...query, asTyped, shares }, { signal });
};

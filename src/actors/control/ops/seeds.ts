import type { SeedsResult } from '../../../control-link/results.ts';
import type { ControlRefs } from '../control-refs.ts';
import type { AskOperation } from '../operation.ts';
import { instant } from './instant.ts';

export const seeds: AskOperation<'seeds'> = async (refs, _body, signal) => await listed(refs, signal);

export const addSeed: AskOperation<'add_seed'> = async (refs, { address }, signal) => {
  await refs.pex.ask('addSeed', { address }, { signal });
  return await listed(refs, signal);
};

export const removeSeed: AskOperation<'remove_seed'> = async (refs, { address }, signal) => {
  await refs.pex.ask('removeSeed', { address }, { signal });
  return await listed(refs, signal);
};

async function listed(refs: ControlRefs, signal: AbortSignal): Promise<SeedsResult> {
  const rows = await refs.pex.ask('seeds', null, { signal });
  return {
    seeds: rows.map(({ lastAnswer, nextTry, ...seed }) => ({
      ...seed,
      last_answer: instant(lastAnswer),
      next_try: instant(nextTry),
    })),
  };
}

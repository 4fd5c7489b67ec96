import type { LimitsResult } from '../../../control-link/results.ts';
import { readLimitKey } from '../../../limits/assignment.ts';
import type { LimitsView } from '../../limits/contract.ts';
import type { ControlRefs } from '../control-refs.ts';
import type { AskOperation } from '../operation.ts';
import { shareIdOf } from './share-name.ts';

export const limits: AskOperation<'limits'> = async (refs, _body, signal) =>
  resultOf(await refs.limits.ask('show', null, { signal }));

export const setLimits: AskOperation<'set_limits'> = async (refs, { values, save }, signal) => {
  const named: Record<string, string> = {};
  for (const [name, text] of Object.entries(values)) named[await fullName(refs, name, signal)] = text;
  return resultOf(await refs.limits.ask('set', { values: named, save }, { signal }));
};

/** The name of a limit with the whole id of the share it is about. */
async function fullName(refs: ControlRefs, name: string, signal: AbortSignal): Promise<string> {
  const key = readLimitKey(name);
  if (key?.kind !== 'cap' || key.scope === 'global') return name;
  const id = key.scope === 'share' ? await shareIdOf(refs, key.id, signal) : key.id.toLowerCase();
  return `${key.scope}:${id}.${key.direction}`;
}

const resultOf = ({ limits, quotas, schedule }: LimitsView): LimitsResult => ({
  limits,
  quotas: quotas.map((row) => ({ ...row, until: new Date(row.until).toISOString() })),
  schedule,
});

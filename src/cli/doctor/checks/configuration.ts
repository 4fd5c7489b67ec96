import { countOf } from '../../units.ts';
import { type Check, fail, ok, warn } from '../check.ts';
import type { Facts } from '../facts.ts';

const NAME = 'configuration';

export function configuration({ reading, node }: Facts): Check {
  if (!reading.ok) {
    const [first] = reading.problems;
    return fail(
      NAME,
      `${countOf(reading.problems.length, 'error')}, the first: ${first?.message} (${first?.origin})`,
      'granary config check lists them all',
    );
  }
  const waiting = node.state === 'running' ? node.settings.filter((row) => 'after_restart' in row) : [];
  if (waiting.length === 0) return ok(NAME, 'valid');
  return warn(
    NAME,
    `valid; these wait for a restart of the node: ${waiting.map(({ key }) => key).join(', ')}`,
    'granary stop, and granary up again',
  );
}

import { failure } from '../errors.ts';

/** `E_USAGE` for a word that assigns nothing, and for a name that comes twice. */
export function assignmentsOf(assignments: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    const name = assignment.slice(0, equals).trim();
    if (equals < 1 || name === '') throw failure('E_USAGE', 'write NAME=VALUE', { subject: assignment });
    if (name in values) throw failure('E_USAGE', 'it is given twice', { subject: name });
    values[name] = assignment.slice(equals + 1);
  }
  return values;
}

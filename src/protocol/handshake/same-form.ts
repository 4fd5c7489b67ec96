import type { Dialect } from '../dialect.ts';

/** Whether two dialects are one form; by value, because they cross threads and storage. */
export function sameForm(a: Dialect, b: Dialect): boolean {
  return a.version === b.version && a.capabilityKeys === b.capabilityKeys;
}

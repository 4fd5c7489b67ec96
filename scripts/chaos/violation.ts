/** Something that must never be was seen. */
export class Violation extends Error {}

/** Throws a `Violation` unless it holds. */
export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Violation(otherwise);
}

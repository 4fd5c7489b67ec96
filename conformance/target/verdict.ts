/** What a check came to. */
export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly expected: string; readonly got: string }
  /** It could not be judged with this target: why. */
  | { readonly kind: 'skipped'; readonly reason: string };

/** Thrown by a check: the target does something else. */
export class Mismatch extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

/** Thrown by a check: nothing can be said about this target. */
export class NotJudged extends Error {}

/** Fails the check unless `holds`. */
export function must(holds: boolean, expected: string, got: string): asserts holds {
  if (!holds) throw new Mismatch(expected, got);
}

export async function verdictOf(run: () => Promise<void>): Promise<Verdict> {
  try {
    await run();
    return { kind: 'passed' };
  } catch (error) {
    if (error instanceof NotJudged) return { kind: 'skipped', reason: error.message };
    if (error instanceof Mismatch) return { kind: 'failed', expected: error.expected, got: error.got };
    return {
      kind: 'failed',
      expected: 'an answer',
      got: error instanceof Error ? error.message : String(error),
    };
  }
}

import type { Misdeed } from './server.ts';

/** What one hostile provider does, what our node is told to do with it, and what must come of it. */
export interface ProviderRow {
  readonly name: string;
  /** `subscribe` alone, or `get` after it. */
  readonly does: 'subscribe' | 'get';
  readonly misdeed: Misdeed;
  /** One of these errors; or, empty: success, and the bytes are those of the publisher. */
  readonly must: readonly string[];
  /** It costs a deadline of seconds: played by the script, not by the suite. */
  readonly slow?: boolean;
}

export const provider = (
  name: string,
  does: ProviderRow['does'],
  misdeed: Misdeed,
  ...must: string[]
): ProviderRow => ({ name, does, misdeed, must });

export const slow = (row: ProviderRow): ProviderRow => ({ ...row, slow: true });

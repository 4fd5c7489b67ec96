import type { Form } from './hello.ts';
import type { HonestPair } from './honest-pair.ts';
import type { Row } from './row.ts';
import { OpenSessions, runRow } from './run-row.ts';

const BOTH: readonly Form[] = ['v1', 'v2'];

/** What one row in one form came to. */
export interface RowResult {
  readonly row: Row;
  readonly form: Form;
  /** What the node did instead of what it must; or what was wrong with a node or an honest transfer afterwards. */
  readonly fault: string | null;
}

/**
 * Plays the rows, one after another, and looks at both nodes after each: in every form a row has, or, in a hurry, in one
 * dialect where it has both, taking turns. With `unwatched` nobody looks: asking both nodes costs them more than most rows.
 */
export async function* attack(
  pair: HonestPair,
  rows: readonly Row[],
  options: { hurry?: boolean; unwatched?: boolean } = {},
): AsyncGenerator<RowResult> {
  const sessions = new OpenSessions(pair.target);
  let turn = 0;
  try {
    for (const row of rows) {
      const forms = row.forms ?? (options.hurry ? [BOTH[turn++ % 2]!] : BOTH);
      for (const form of forms) {
        const fault = await runRow(pair.target, sessions, row, form, pair.known).catch(
          (error: Error) => `the row could not be played: ${error.message}`,
        );
        yield { row, form, fault: fault ?? (options.unwatched ? null : await pair.ailment()) };
      }
    }
  } finally {
    sessions.close();
  }
}

/** A violation as a test or a table tells it. */
export const told = ({ row, form, fault }: RowResult): string =>
  `${row.stage}, ${form}, ${row.name}: must ${row.must.do}, but ${fault}`;

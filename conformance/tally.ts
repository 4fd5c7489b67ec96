import type { Report } from './suite.ts';

export interface SuiteResult {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Failure {
  readonly suite: string;
  readonly case: string;
  readonly expected: string;
  readonly got: string;
}

/** Texts in failures are cut here: a frame in hex is long. */
const MAX_TEXT = 400;

/** Counts cases by suite. */
export class Tally {
  readonly #counts = new Map<string, { passed: number; failed: number; skipped: number }>();
  readonly failures: Failure[] = [];

  report(suite: string, file: string): Report & { readonly cases: () => number } {
    const count = this.#counts.get(suite) ?? { passed: 0, failed: 0, skipped: 0 };
    this.#counts.set(suite, count);
    const before = count.passed + count.failed + count.skipped;
    const report = {
      pass: () => {
        count.passed++;
      },
      fail: (name: string, expected: string, got: string) => {
        count.failed++;
        this.failures.push({ suite, case: `${file}: ${name}`, expected: cut(expected), got: cut(got) });
      },
      skip: () => {
        count.skipped++;
      },
      equal: (name: string, expected: string, got: string) => {
        if (expected === got) report.pass();
        else report.fail(name, expected, got);
      },
      attempt: (name: string, run: () => void) => {
        try {
          run();
        } catch (error) {
          report.fail(name, 'no error', String(error));
        }
      },
      cases: () => count.passed + count.failed + count.skipped - before,
    };
    return report;
  }

  results(): SuiteResult[] {
    return [...this.#counts].map(([name, count]) => ({ name, ...count }));
  }
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}... (${text.length})`;
}

import type { Command } from 'commander';
import { numberIn } from './arguments.ts';

export interface PageOptions {
  readonly cursor: number;
  readonly limit: number;
}

/** The options of a list that comes in pages. */
export const paged = (command: Command): Command =>
  command
    .option('--cursor <n>', 'where the page before ended', numberIn(0, Number.MAX_SAFE_INTEGER), 0)
    .option('--limit <n>', 'rows a page', numberIn(1, 1000), 1000);

/** How to go on, when there is more. */
export const moreText = ({ next }: { readonly next: number | null }): string =>
  next === null ? '' : `\nmore with --cursor ${next}`;

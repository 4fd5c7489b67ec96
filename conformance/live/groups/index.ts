import type { Group } from '../cell.ts';
import { answeredByUs } from './answered-by-us.ts';
import { askedByUs } from './asked-by-us.ts';
import { flowsFromUs } from './flows-from-us.ts';
import { flowsToUs } from './flows-to-us.ts';

/** The whole matrix, in the order of its tables. */
export const GROUPS: readonly Group[] = [askedByUs, answeredByUs, flowsFromUs, flowsToUs];

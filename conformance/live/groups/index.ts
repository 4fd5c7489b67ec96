import type { Group } from '../cell.ts';
import { answeredByUs } from './answered-by-us.ts';
import { askedByUs } from './asked-by-us.ts';
import { dhtAndPeers } from './dht-and-peers.ts';
import { flowsFromUs } from './flows-from-us.ts';
import { flowsToUs } from './flows-to-us.ts';
import { limits } from './limits.ts';
import { linksAndKeys } from './links-and-keys.ts';

/** The whole matrix, in the order of its tables. */
export const GROUPS: readonly Group[] = [
  askedByUs,
  answeredByUs,
  flowsFromUs,
  flowsToUs,
  dhtAndPeers,
  linksAndKeys,
  limits,
];

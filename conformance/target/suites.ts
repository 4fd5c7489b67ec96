import type { CheckSuite } from './check.ts';
import { communities, traps } from './checks/communities.ts';
import { content } from './checks/content.ts';
import { dht } from './checks/dht.ts';
import { framing } from './checks/framing.ts';
import { handshake } from './checks/handshake.ts';
import { leniency } from './checks/leniency.ts';
import { limits } from './checks/limits.ts';
import { pex } from './checks/pex.ts';
import { relay } from './checks/relay.ts';
import { requests } from './checks/requests.ts';
import { transport } from './checks/transport.ts';

/** Every check of a node from outside. What fills its tables and counters comes last. */
export const SUITES: readonly CheckSuite[] = [
  transport,
  handshake,
  framing,
  leniency,
  requests,
  content,
  dht,
  pex,
  communities,
  relay,
  limits,
  traps,
];

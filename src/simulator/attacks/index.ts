import type { Attack } from './attack.ts';
import { eclipse } from './eclipse.ts';
import { forgedHead, squattedHead } from './forged-head.ts';
import { phantoms } from './phantoms.ts';
import { poisonedByMany, poisonedProviders } from './poisoned-providers.ts';
import { floodByMany, storeFlood } from './store-flood.ts';
import { sybilRing } from './sybil-ring.ts';

export { type Attack, type AttackResult, runAttack } from './attack.ts';
export { addSybils, type SybilOptions } from './sybils.ts';

/** Attacks that a defence of the DHT is there for. */
export const ATTACKS: readonly Attack[] = [
  forgedHead,
  squattedHead,
  poisonedProviders,
  poisonedByMany,
  storeFlood,
  floodByMany,
  sybilRing(2),
  eclipse,
  phantoms,
];

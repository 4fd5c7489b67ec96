import type { RefsOf } from '../../supervisor/contract/actor.ts';
import type { contracts } from '../contracts.ts';
import type { controlContract } from './contract.ts';

/** The actors that operations may ask. */
export type ControlRefs = RefsOf<typeof contracts, (typeof controlContract)['uses'][number], 'transport'>;

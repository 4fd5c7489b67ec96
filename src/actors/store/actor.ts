import { actor } from '../contracts.ts';
import { storeContract } from './contract.ts';
import { startStore } from './start-store.ts';

/** Everything this node keeps: one writer, one thread, one message after another. */
export default actor(storeContract, (context) => startStore(context));

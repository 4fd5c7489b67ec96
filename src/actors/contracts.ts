import { actorsOf } from '../supervisor/contract/actor.ts';
import { acceptorContract } from './acceptor/contract.ts';
import { controlContract } from './control/contract.ts';
import { dhtContract } from './dht/contract.ts';
import { hashingContract } from './hashing/contract.ts';
import { limitsContract } from './limits/contract.ts';
import { pexContract } from './pex/contract.ts';
import { publishContract } from './publish/contract.ts';
import { quicContract } from './quic/contract.ts';
import { searchContract } from './search/contract.ts';
import { storeContract } from './store/contract.ts';
import { supervisorContract } from './supervisor/contract.ts';
import { syncContract } from './sync/contract.ts';
import { transferContract } from './transfer/contract.ts';
import { transportContract } from './transport/contract.ts';

/** Every contract of the node by actor name: `uses` is looked up here, by the types and by the workers. */
export const contracts = {
  acceptor: acceptorContract,
  control: controlContract,
  dht: dhtContract,
  hashing: hashingContract,
  limits: limitsContract,
  pex: pexContract,
  publish: publishContract,
  quic: quicContract,
  search: searchContract,
  store: storeContract,
  supervisor: supervisorContract,
  sync: syncContract,
  transfer: transferContract,
  transport: transportContract,
};

/** Ties a behaviour to its contract; refs are typed by the contracts above. `transport` is sharded. */
export const actor = actorsOf<typeof contracts, 'transport'>();

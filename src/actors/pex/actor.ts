import { randomBytes } from 'node:crypto';
import { actor } from '../contracts.ts';
import { BansInForce } from '../follow-bans.ts';
import { seededRandom } from '../seeded-random.ts';
import { pexContract } from './contract.ts';
import { systemLookup } from './resolve-host.ts';
import { startPex } from './start-pex.ts';

/** Whom this node knows: bootstrap nodes, peers that answered, peers that others told of; and the connections it keeps up. */
export default actor(pexContract, async (context) =>
  startPex(context, {
    bans: await BansInForce.follow(context),
    lookup: systemLookup,
    random: seededRandom(randomBytes(4).readUInt32LE()),
  }),
);

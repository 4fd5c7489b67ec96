import { randomBytes } from 'node:crypto';
import { transportContract } from '../../../src/actors/transport/contract.ts';
import * as types from '../../../src/protocol/wire/message-types.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { everywhere, type Group, type Place } from '../cell.ts';
import { must } from '../expect.ts';
import { addressOf, type World } from '../world.ts';

const AT_ONCE = 100;
/** A node that meets another one looks for its neighbours there. */
const OF_OWN_DHT = 10;

const unknownId = () => new Uint8Array(randomBytes(32));

/** Questions of one kind, until the reference refuses one: how many it took, and its words. */
async function untilRefused(
  world: World,
  place: Place,
  type: number,
  payload: () => Uint8Array,
  most: number,
) {
  const reference = await world.reference(place.dialect, `limits-${type}-${place.transport}`, []);
  const node = await world.asker();
  const peer = { address: reference.address(place.transport), nodeKey: reference.ready.node_pubkey };
  const ask = () => node.supervisor.ref(transportContract).ask('request', { peer, type, payload: payload() });
  const ends: unknown[] = [];
  // More calls at once our own transport would not take.
  for (let left = most + 10; left > 0; left -= AT_ONCE) {
    const batch = Array.from({ length: Math.min(left, AT_ONCE) }, () =>
      ask().then(
        () => null,
        (error: unknown) => error,
      ),
    );
    ends.push(...(await Promise.all(batch)));
  }
  const unheard = ends.find((end) => end instanceof ActorError && end.code !== 'E_PEER_ERROR');
  if (unheard) throw unheard;
  const texts = ends.map((end) => (end instanceof Error ? end.message : ''));
  return { taken: texts.filter((text) => !text.includes('rate limit')).length, last: texts.at(-1)! };
}

/** `own`: so many of them at most are asked by the asking node itself meanwhile, of its own accord. */
const limit = (name: string, most: number, type: number, payload: () => Uint8Array, own = 0) =>
  everywhere(name, async (world, place) => {
    const { taken, last } = await untilRefused(world, place, type, payload, most);
    must(taken <= most && taken >= most - own, `${taken} were taken instead of ${most}`);
    must(/rate limit/.test(last), `no rate limit, but: ${last}`);
    return last;
  });

export const limits: Group = {
  name: 'Limits',
  about: 'The limits of the reference as Granary meets them, and those of Granary as the reference does.',
  cells: [
    ...limit(
      'the reference refuses question 601 of the DHT, and Granary hears it',
      600,
      types.FIND_VALUE,
      () => encodeRequest(types.FIND_VALUE, { key: unknownId() }),
      OF_OWN_DHT,
    ),
    ...limit(
      'the reference refuses question 241 for a manifest, and Granary hears it',
      240,
      types.GET_MANIFEST,
      () => encodeRequest(types.GET_MANIFEST, { manifestId: unknownId() }),
    ),
    ...everywhere(
      'Granary refuses question 241 for a manifest, and the reference hears it',
      async (world, place) => {
        const node = await world.granary('server');
        const peer = addressOf(node, place.transport);
        const reference = await world.reference(place.dialect, `asks-much-${place.transport}`);
        const texts: string[] = [];
        for (let i = 0; i < 242; i++) {
          const reply = await reference.ask('get_manifest', {
            peer,
            manifest_id: randomBytes(32).toString('hex'),
          });
          texts.push(reply.error ?? '');
        }
        must(/manifest not found/.test(texts[239]!), `question 240: ${texts[239]}`);
        must(/rate limit/.test(texts[241]!), `question 242: ${texts[241]}`);
        return texts[241]!;
      },
    ),
  ],
};

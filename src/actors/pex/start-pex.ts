import type { Behaviour } from '../../supervisor/contract/actor.ts';
import type { MessagesOf } from '../../supervisor/contract/contract.ts';
import type { BansInForce } from '../follow-bans.ts';
import { OWN_KNOWN_MS, OwnAddresses } from '../own-addresses.ts';
import type { PexContext } from './context.ts';
import type { pexContract } from './contract.ts';
import { Exchange } from './exchange.ts';
import { Outreach } from './outreach.ts';
import { PeerBook } from './peer-book.ts';
import type { Lookup } from './resolve-host.ts';
import { type SeedChanges, SeedList } from './seed-list.ts';
import { Seeds } from './seeds.ts';
import { TableKeeper } from './table-keeper.ts';
import { answerWire } from './wire-answers.ts';

type PexBehaviour = Behaviour<MessagesOf<typeof pexContract>>;

/** Seeds that were added and removed live, among the settings that the store keeps. */
const KEPT_AS = 'seeds';

/** What the actor does, with what it takes from the outside world: bans, names, chance. */
export async function startPex(
  given: PexContext,
  { bans, lookup, random }: { bans: BansInForce; lookup: Lookup; random: () => number },
): Promise<PexBehaviour> {
  // Read where it is needed, so that a change is in force at once.
  const config = { ...given.config };
  const context = { ...given, config };
  const { store } = context.refs;
  const { nodeKey: ownKey } = await store.ask('identity', null);
  const own = new OwnAddresses(context);
  const kept = await store.ask('settingKept', { name: KEPT_AS });
  const list = new SeedList(kept === null ? undefined : (JSON.parse(kept) as SeedChanges));
  list.configure(config.bootstrap, config.bootstrapPinned);
  const seeds = new Seeds(context, { list, lookup, random, own: () => own.all });
  const book = new PeerBook(context, {
    ownKey,
    random,
    own: () => own.all,
    isSeed: (address) => seeds.placeAt(address) !== null,
    isBanned: (address, nodeKey) => bans.hasAddress(address) || (nodeKey !== null && bans.hasKey(nodeKey)),
  });
  const keeper = new TableKeeper(context, book.table);
  await keeper.load();
  await own.look();
  const exchange = new Exchange(context, { book, own, ownKey, random });
  const outreach = new Outreach(context, { book, seeds, exchange, random });
  context.spawn(() => keeper.run());
  context.spawn(() => outreach.run());

  async function listChanged(): Promise<void> {
    seeds.listChanged();
    outreach.wake();
    await store.ask('keepSetting', { name: KEPT_AS, value: JSON.stringify(list.changes()) });
  }

  return {
    handlers: {
      met: (peer) => book.met(peer),
      lost: (peer) => book.lost(peer),
      wire: async (request) => answerWire(book, await own.look(OWN_KNOWN_MS), request),
      sources: ({ limit }) => {
        const first = seeds.addresses().slice(0, limit);
        return [...first, ...book.best(limit - first.length)];
      },
      known: () => book.rows(),
      seeds: async () => seeds.rows(await outreach.look()),
      async addSeed({ address }) {
        const changed = list.add(address);
        if (changed) await listChanged();
        return { changed };
      },
      async removeSeed({ address }) {
        list.remove(address);
        await listChanged();
        return { changed: true };
      },
      configure(next) {
        Object.assign(config, next);
        list.configure(config.bootstrap, config.bootstrapPinned);
        seeds.listChanged();
        outreach.wake();
        return null;
      },
    },
    quiesce: () => outreach.end(),
    stop: () => keeper.write(),
  };
}

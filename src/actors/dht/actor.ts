import { failure } from '../../errors.ts';
import { formatAddress, fromPeerAddr } from '../../protocol/addresses/address.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import { DIALECT_2 } from '../../protocol/dialect.ts';
import { providersKey } from '../../protocol/objects/dht-keys.ts';
import { NODE_ID_LENGTH } from '../../protocol/objects/ids.ts';
import { actor } from '../contracts.ts';
import { OwnAddresses } from '../own-addresses.ts';
import { Announcer } from './announce/announcer.ts';
import { RecordGiver } from './announce/record-giver.ts';
import { unixNow } from './context.ts';
import { dhtContract } from './contract.ts';
import { HeadChecks } from './head-checks.ts';
import type { Candidate } from './lookup.ts';
import { type FoundValue, Lookups } from './lookups.ts';
import { Publisher } from './publisher.ts';
import { ReceiverBudgets } from './receiver-budgets.ts';
import { RoutingTable } from './routing-table.ts';
import { nodeOf, statusOf, tableRows } from './status.ts';
import { TableKeeper } from './table-keeper.ts';
import { Upkeep } from './upkeep.ts';
import { ValueGiver } from './value-giver.ts';
import { ValueStore } from './value-store.ts';
import { WireAnswers } from './wire-answers.ts';

/** Of what is kept for others, what may stay when memory is short. */
const UNDER_PRESSURE = 1 / 4;
/** Addresses that an answer about a content has at most, and those of them that one node told. */
const MAX_PROVIDERS = 64;
const PROVIDERS_OF_ONE = 16;

/** The Kademlia of this node: whom it knows, what it keeps for others, and what it looks up for the rest of the node. */
export default actor(dhtContract, async (given) => {
  // Read where it is needed, so that a change is in force at once.
  const config = { ...given.config };
  const context = { ...given, config };
  const { clock } = context;
  const { nodeKey, nodeId } = await context.refs.store.ask('identity', null);
  const own = fromHex(nodeId, NODE_ID_LENGTH)!;
  const addresses = new OwnAddresses(context);
  const table = new RoutingTable(own, config.defences);
  const keeper = new TableKeeper(context, table, { id: own, key: nodeKey, addresses });
  const values = new ValueStore(own, config);
  const lookups = new Lookups(context, keeper);
  const checks = new HeadChecks(context, { keeper, values, lookups });
  const budgets = new ReceiverBudgets();
  const giver = new ValueGiver(context, lookups, budgets);
  const publisher = new Publisher(context, { giver, addresses, nodeKey, table });
  const records = new RecordGiver(context, {
    ...{ keeper, lookups, budgets, addresses },
    nodeKey: fromHex(nodeKey, 32)!,
  });
  const announcer = new Announcer(context, {
    ...{ table, budgets, addresses, giver: records },
    sharesGivenAt: () => publisher.allGivenAt,
  });
  publisher.resume((await announcer.recall())?.shares ?? null);
  const answers = new WireAnswers(context, { table, values, checks });
  const upkeep = new Upkeep(context, { own, keeper, lookups, values, publisher, addresses });
  context.spawn(() => upkeep.run());
  announcer.run();

  return {
    handlers: {
      met(peer) {
        const alone = table.size === 0;
        keeper.met(peer);
        if (alone && table.size > 0) upkeep.joined();
      },
      lost: (peer) => keeper.lost(peer),
      learnt: ({ addresses: told, from }) => keeper.learnt(told, from),
      async findNode({ target }, { signal }) {
        const nearest = await lookups.findNode(octets(target, NODE_ID_LENGTH), signal);
        return { nodes: nearest.map((node) => nodeOf(table, node)) };
      },
      async findValue({ key }, { signal }) {
        const found = await lookups.findValue(octets(key, 32), signal);
        if (found === null) return { value: null, source: null };
        return { value: found.octets, source: nodeOf(table, found.source) };
      },
      async lookUpHead({ shareKey }, { signal }) {
        const found = await lookups.lookUpHead(octets(shareKey, 32), signal);
        if (found === null) return { head: null, sources: [] };
        return { head: found.octets, sources: found.sources.map(addressOf) };
      },
      async findProviders({ contentId }, { signal }) {
        const key = providersKey(octets(contentId, 32));
        const providers = new Set<string>();
        const take = ({ content }: Pick<FoundValue, 'content'>): boolean => {
          if (content.kind !== 'providers') return false;
          for (const peer of content.value.providers.slice(0, PROVIDERS_OF_ONE)) {
            const address = fromPeerAddr(peer);
            if (address === null || !keeper.mayFollow(address)) continue;
            if (providers.size < MAX_PROVIDERS) providers.add(formatAddress(address));
          }
          return providers.size >= MAX_PROVIDERS;
        };
        // What this node keeps for others it need not ask them for.
        const kept = values.get(key, DIALECT_2, Number(unixNow(context)));
        const content = kept && lookups.judge(key, kept.octets);
        if (content) take({ content });
        await lookups.findValues(key, signal, take);
        return { providers: [...providers] };
      },
      store: ({ key, value, ttlSeconds }, { signal }) =>
        giver.give(octets(key, 32), value, ttlSeconds, signal),
      published() {
        publisher.look();
        announcer.look();
      },
      status: () => statusOf(context, { table, values, lookups, publisher, announcer }),
      table: () => tableRows(table, clock.now(), clock.wall()),
      configure(next) {
        Object.assign(config, next);
        values.limit(config);
        publisher.look();
        announcer.configured();
        return null;
      },
      wire: (request) => answers.answer(request),
    },
    async quiesce() {
      upkeep.end();
      await announcer.end();
    },
    pressure(level) {
      const part = level === 'high' ? UNDER_PRESSURE : 1;
      const { maxValues, maxValueBytes, defences } = config;
      values.limit({
        ...{ maxValues: Math.floor(maxValues * part), maxValueBytes: Math.floor(maxValueBytes * part) },
        defences,
      });
    },
  };
});

function octets(text: string, length: number): Uint8Array {
  const read = fromHex(text, length);
  if (read === null) throw failure('E_USAGE', `${2 * length} hex digits are wanted`, { subject: text });
  return read;
}

const addressOf = ({ address, nodeKey }: Candidate): string => `${address}@${nodeKey}`;

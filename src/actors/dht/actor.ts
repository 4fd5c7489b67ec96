import { failure } from '../../errors.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import { actor } from '../contracts.ts';
import { contactOf } from './contact.ts';
import { dhtContract } from './contract.ts';
import { K, RoutingTable } from './routing-table.ts';
import { WireAnswers } from './wire-answers.ts';

/** The Kademlia of this node: whom it knows, what it keeps for others, and what it looks up for the rest of the node. */
export default actor(dhtContract, async (given) => {
  const config = { ...given.config };
  const context = { ...given, config };
  const { clock, metrics, refs } = context;
  const identity = await refs.store.ask('identity', null);
  const table = new RoutingTable(fromHex(identity.nodeId, 20)!);
  const answers = new WireAnswers(context, { table });
  return {
    handlers: {
      met({ nodeKey, address, dialable, native, dialect }) {
        const contact = dialable ? contactOf(nodeKey, address) : null;
        if (contact !== null) table.seen(contact, { native, dialect }, clock.now());
        metrics.set('nodes', table.size);
      },
      lost({ address }) {
        const entry = table.at(address);
        if (entry !== null) table.failed(entry.contact);
        metrics.set('nodes', table.size);
      },
      learnt() {},
      findNode({ target }) {
        const wanted = fromHex(target, 20);
        if (wanted === null) throw failure('E_USAGE', 'a place in the DHT has 40 hex digits');
        const nodes = table.closest(wanted, K);
        return {
          nodes: nodes.map(({ contact, native, dialect }) => ({
            nodeKey: contact.nodeKey,
            nodeId: Buffer.from(contact.id).toString('hex'),
            address: contact.address,
            native,
            dialect,
          })),
        };
      },
      findValue: () => ({ value: null, source: null }),
      lookUpHead: () => ({ head: null, sources: [] }),
      findProviders: () => ({ providers: [] }),
      store: () => ({ stored: 0, refused: 0, failed: 0 }),
      published() {},
      status: () => ({
        nodes: table.size,
        buckets: table.buckets.length,
        values: 0,
        valueBytes: 0,
        headsChecked: 0,
        headsUnchecked: 0,
        lookups: 0,
        lookupsRunning: 0,
        requests: 0,
        requestsFailed: 0,
        storesTaken: 0,
        storesRefused: 0,
        published: 0,
        replicas: 0,
      }),
      table: () => [],
      configure(next) {
        Object.assign(config, next);
        return null;
      },
      wire: (request) => answers.answer(request),
    },
  };
});

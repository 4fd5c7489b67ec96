import { dhtContract } from '../actors/dht/contract.ts';
import { parseAddress, toPeerAddr } from '../protocol/addresses/address.ts';
import { encodeWith } from '../protocol/cbor/codec.ts';
import { Reader } from '../protocol/cbor/reader.ts';
import { bytesEqual, toHex } from '../protocol/crypto/bytes.ts';
import { providersKey } from '../protocol/objects/dht-keys.ts';
import { type Providers, providers } from '../protocol/objects/providers.ts';
import { ActorError } from '../supervisor/contract/actor-error.ts';
import type { DhtWorld } from './dht-world.ts';
import { keyOf } from './identity.ts';
import { LookupProbe } from './lookup-probe.ts';
import type { SimulatedNode } from './simulated-node.ts';

/** A value of the DHT that stands for itself: a list with one provider. */
export interface TestValue {
  readonly key: Uint8Array;
  readonly octets: Uint8Array;
}

/** What lookups came to. */
export interface LookupFigures {
  readonly lookups: number;
  /** Of those, how many brought the value. */
  readonly found: number;
  /** One number a lookup, in the order of the lookups. */
  readonly rounds: readonly number[];
  readonly messages: readonly number[];
  /** Milliseconds of the network's time. */
  readonly ms: readonly number[];
}

/** Lookups at the same time: each node has one at most. */
const AT_ONCE = 100;
/** Longer than a lookup may take. */
const PATIENCE_MS = 150_000;

/** The provider list of a content that nobody else has, with the address of the node. */
export function testValue(node: SimulatedNode, number: number, unixSeconds: number): TestValue {
  const contentId = keyOf(number, 0xc0_11e1);
  const { address, nodeKey } = node.identity;
  const parsed = parseAddress(`${address}@${nodeKey}`);
  if (!parsed.ok) throw new TypeError(`${address} is no address`);
  const value: Providers = {
    contentId,
    providers: [toPeerAddr(parsed.address)!],
    updatedAt: BigInt(unixSeconds),
  };
  return { key: providersKey(contentId), octets: encodeWith(providers, value) };
}

/** Has as many nodes of the world's choosing give a value each to the DHT. Resolves with the values, and how many nodes took one on average. */
export async function storeValues(
  world: DhtWorld,
  count: number,
): Promise<{ values: readonly TestValue[]; replicas: number }> {
  const { network } = world;
  const values: TestValue[] = [];
  let replicas = 0;
  while (values.length < count) {
    const work = pickNodes(world, Math.min(AT_ONCE, count - values.length)).map(async (node) => {
      const value = testValue(node, values.length, Math.floor(network.world.wall() / 1000));
      values.push(value);
      const { stored } = await node.ref(dhtContract).ask('store', {
        key: toHex(value.key),
        value: value.octets,
        ttlSeconds: 86_400,
      });
      replicas += stored;
    });
    await network.until(Promise.all(work), PATIENCE_MS);
  }
  return { values, replicas: replicas / count };
}

/** So many lookups of values that are there, each by a node of the world's choosing that is up. */
export async function lookUpValues(
  world: DhtWorld,
  values: readonly TestValue[],
  lookups: number,
): Promise<LookupFigures> {
  const { network } = world;
  const probe = new LookupProbe(network);
  const rounds: number[] = [];
  const messages: number[] = [];
  const ms: number[] = [];
  let found = 0;
  for (let asked = 0; asked < lookups; ) {
    const nodes = pickNodes(world, Math.min(AT_ONCE, lookups - asked));
    if (nodes.length === 0) throw new RangeError('no node is up');
    asked += nodes.length;
    const work = nodes.map(async (node) => {
      const value = network.random.pick(values);
      const begun = network.now();
      probe.begin(node.identity.index);
      const octets = await lookUp(node, value);
      const cost = probe.end(node.identity.index);
      rounds.push(cost.rounds);
      messages.push(cost.messages);
      ms.push(network.now() - begun);
      if (octets !== null && isOf(octets, value)) found++;
    });
    await network.until(Promise.all(work), PATIENCE_MS);
  }
  network.observer = null;
  return { lookups: rounds.length, found, rounds, messages, ms };
}

async function lookUp(node: SimulatedNode, { key }: TestValue): Promise<Uint8Array | null> {
  try {
    return (await node.ref(dhtContract).ask('findValue', { key: toHex(key) })).value;
  } catch (error) {
    if (error instanceof ActorError) return null;
    throw error;
  }
}

/** Whether the provider of the test value is among those found. */
function isOf(octets: Uint8Array, value: TestValue): boolean {
  const wanted = providers.read(new Reader(value.octets)).providers[0]!;
  return providers
    .read(new Reader(octets))
    .providers.some(({ pubkeyHint }) => bytesEqual(pubkeyHint!, wanted.pubkeyHint!));
}

/** Different nodes that are up, as many as there are of them at most. */
function pickNodes(world: DhtWorld, count: number): SimulatedNode[] {
  const left = [...world.alive];
  const picked: SimulatedNode[] = [];
  while (picked.length < count && left.length > 0) {
    const at = world.network.random.integer(0, left.length - 1);
    picked.push(left[at]!);
    left[at] = left.at(-1)!;
    left.pop();
  }
  return picked;
}

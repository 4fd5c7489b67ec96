import { dhtContract } from '../../actors/dht/contract.ts';
import { encodeWith } from '../../protocol/cbor/codec.ts';
import { Reader } from '../../protocol/cbor/reader.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { manifestKey, shareHeadKey } from '../../protocol/objects/dht-keys.ts';
import { targetOf } from '../../protocol/objects/ids.ts';
import { shareHead } from '../../protocol/objects/share-head.ts';
import type { DhtWorld } from '../dht-world.ts';
import { revisionOf, shareKeyOf } from '../share.ts';
import type { Attack, AttackResult } from './attack.ts';
import { off } from './defences.ts';
import { bystanders, giveTo } from './moves.ts';
import { nearestNodes } from './sybils.ts';

const FORGED_SEQ = 77_777n;
const VICTIMS = 10;

/**
 * Somebody who does not have the key of a share gives the nodes around its head one with a higher number and somebody
 * else's signature. He wins where a look-up brings it, or nothing.
 */
export const forgedHead: Attack = {
  name: 'forged head',
  defence: 'heads are checked under the key of their share',
  off: off('checkedHeads'),
  nodes: 60,
  async run(world) {
    await publish(world);
    await forge(world);
    return await fooled(world);
  },
};

/** The same, before the share is published: the places that heads have under a key are taken when the real one comes. */
export const squattedHead: Attack = {
  ...forgedHead,
  name: 'forged heads before the real one',
  async run(world) {
    await forge(world);
    await publish(world);
    return await fooled(world);
  },
};

const keyOfShare = ({ network }: DhtWorld) => shareKeyOf(network.options.seed, 1);
const unixNow = ({ network }: DhtWorld) => Math.floor(network.world.wall() / 1000);

async function publish(world: DhtWorld): Promise<void> {
  const { network } = world;
  const { head, manifestOctets } = revisionOf(keyOfShare(world), 1, unixNow(world));
  const dht = world.alive[20]!.ref(dhtContract);
  for (const [key, value] of [
    [manifestKey(head.latestManifestId), manifestOctets],
    [shareHeadKey(head.shareId), encodeWith(shareHead, head)],
  ] as const) {
    await network.until(dht.ask('store', { key: toHex(key), value, ttlSeconds: 3_600 }), 120_000);
  }
  await network.runFor(60_000);
}

async function forge(world: DhtWorld): Promise<void> {
  const { head } = revisionOf(keyOfShare(world), 1, unixNow(world));
  const other = revisionOf(shareKeyOf(world.network.options.seed, 2), 1, unixNow(world));
  const key = shareHeadKey(head.shareId);
  const attackers = world.alive.slice(21, 26);
  for (const [number, attacker] of attackers.entries()) {
    const sig = new Uint8Array(other.head.sig);
    sig[0]! ^= number;
    const forged = { ...head, latestSeq: FORGED_SEQ, latestManifestId: other.head.latestManifestId, sig };
    await giveTo(
      world,
      attacker,
      nearestNodes(world.alive, targetOf(key), 30),
      key,
      encodeWith(shareHead, forged),
    );
  }
  await world.network.runFor(60_000);
}

async function fooled(world: DhtWorld): Promise<AttackResult> {
  const { head } = revisionOf(keyOfShare(world), 1, unixNow(world));
  const shareKey = toHex(keyOfShare(world).publicKey);
  let wrong = 0;
  for (const victim of bystanders(world, VICTIMS)) {
    const found = await world.network.until(victim.ref(dhtContract).ask('lookUpHead', { shareKey }), 120_000);
    const seq = found.head === null ? null : shareHead.read(new Reader(found.head)).latestSeq;
    if (seq !== head.latestSeq) wrong++;
  }
  return { succeeded: wrong > VICTIMS / 2, share: wrong / VICTIMS, of: 'look-ups without the real head' };
}

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OwnShare } from '../../../src/actors/store/contract.ts';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { manifestKey, providersKey, shareHeadKey } from '../../../src/protocol/objects/dht-keys.ts';
import { compareDistance, shareIdOf } from '../../../src/protocol/objects/ids.ts';
import { encodeManifest, manifestId } from '../../../src/protocol/objects/manifest.ts';
import { shareHead } from '../../../src/protocol/objects/share-head.ts';
import { key, revision } from '../sync/world.ts';
import { Net, type Node } from './world.ts';

let net: Net;
beforeEach(() => {
  net = new Net();
});
afterEach(async () => {
  await net.stop();
  expect(net.nodes.flatMap(({ crashes }) => crashes)).toEqual([]);
});

/** Publishes a share as its node would. */
function share(node: Node, seed: number, isPublic = true) {
  const signer = key(seed);
  const { head, manifest } = revision(signer, 1);
  const id = toHex(manifestId(manifest));
  const shareId = toHex(shareIdOf(signer.publicKey));
  node.manifests.set(id, encodeManifest(manifest));
  node.ownValues.set(toHex(shareHeadKey(shareIdOf(signer.publicKey))), encodeWith(shareHead, head));
  const row = { shareId, manifestId: id, public: isPublic, volumes: 0 } as OwnShare;
  node.ownShares = [...node.ownShares, row];
  return { shareId, shareKey: toHex(signer.publicKey), id: manifestId(manifest), head, manifest };
}

describe('a network of thirty nodes that know one of them', () => {
  test('a lookup finds the nearest twenty', { timeout: 60_000 }, async () => {
    const nodes = await net.joined(30);
    const target = nodes[7]!.id.map((octet, index) => (index < 2 ? octet ^ 0x55 : octet));
    const { nodes: found } = await net.until(
      Promise.resolve(nodes[29]!.handlers.findNode({ target: toHex(target) }, nodes[29]!.call)),
    );
    const nearest = nodes
      .slice(0, 29)
      .toSorted((a, b) => compareDistance(target, a.id, b.id))
      .slice(0, 20);
    const names = new Set(found.map(({ nodeKey }) => nodeKey));
    expect(names.size).toBe(20);
    expect(nearest.filter(({ nodeKey }) => !names.has(nodeKey))).toEqual([]);
  });

  test('a share is found by its key alone: head, manifest and who has it', { timeout: 60_000 }, async () => {
    const nodes = await net.joined(30);
    const publisher = nodes[3]!;
    const published = share(publisher, 5);
    const hidden = share(publisher, 6, false);
    publisher.handlers.published({ shareId: published.shareId });
    await net.run(10_000);
    const stranger = nodes[22]!;
    // Its own node is not needed any more.
    net.gone.add(publisher.address);
    const { head, sources } = await net.until(
      Promise.resolve(stranger.handlers.lookUpHead({ shareKey: published.shareKey }, stranger.call)),
    );
    expect(head).toEqual(encodeWith(shareHead, published.head));
    expect(sources.length).toBeGreaterThan(5);
    const { value } = await net.until(
      Promise.resolve(stranger.handlers.findValue({ key: toHex(manifestKey(published.id)) }, stranger.call)),
    );
    expect(value).toEqual(encodeManifest(published.manifest));
    const { providers } = await net.until(
      Promise.resolve(stranger.handlers.findProviders({ contentId: toHex(published.id) }, stranger.call)),
    );
    expect(providers).toEqual([`${publisher.address}@${publisher.nodeKey}`]);
    // The private one was given to nobody.
    const other = await net.until(
      Promise.resolve(stranger.handlers.lookUpHead({ shareKey: hidden.shareKey }, stranger.call)),
    );
    expect(other).toEqual({ head: null, sources: [] });
    const checked = nodes.filter((node) => (node.metrics.get('heads_checked') ?? 0) > 0);
    expect(checked.length).toBeGreaterThan(10);
    expect(toHex(providersKey(published.id))).not.toBe(toHex(manifestKey(published.id)));
  });
});

import type { OwnShare } from '../../../src/actors/share-types.ts';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { shareHeadKey } from '../../../src/protocol/objects/dht-keys.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import { encodeManifest, manifestId } from '../../../src/protocol/objects/manifest.ts';
import { shareHead } from '../../../src/protocol/objects/share-head.ts';
import { key, revision } from '../sync/world.ts';
import type { Node } from './world.ts';

/** Publishes a share as its node would. */
export function share(node: Node, seed: number, isPublic = true) {
  const signer = key(seed);
  const { head, manifest } = revision(signer, 1);
  const id = toHex(manifestId(manifest));
  const shareId = toHex(shareIdOf(signer.publicKey));
  node.manifests.set(id, encodeManifest(manifest));
  node.ownValues.set(toHex(shareHeadKey(shareIdOf(signer.publicKey))), encodeWith(shareHead, head));
  const row = { shareId, manifestId: id, public: isPublic, volumes: 0, updatedAt: 1_600_000_000 } as OwnShare;
  node.ownShares = [...node.ownShares, row];
  return { shareId, shareKey: toHex(signer.publicKey), id: manifestId(manifest), head, manifest };
}

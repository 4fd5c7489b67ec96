import { join } from 'node:path';
import { failure } from '../../errors.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { generateSeed } from '../../protocol/crypto/ed25519.ts';
import { nodeIdOf } from '../../protocol/objects/ids.ts';
import type { Log } from '../../supervisor/contract/actor.ts';
import { certificateOf } from './certificate.ts';
import type { NodeIdentity } from './contract.ts';
import type { Home } from './home.ts';
import type { KeyRing } from './key-ring.ts';
import { Secret } from './secret.ts';

const NODE = 'node';

/**
 * Who this node is. The key is made when the folder is new; `E_HOME_UNUSABLE` when an older folder lacks it, because a
 * new one would be another node under the links of this one.
 */
export async function openIdentity(
  keys: KeyRing,
  home: Home,
  isNew: boolean,
  log: Log,
): Promise<NodeIdentity> {
  let key = await keys.load(NODE);
  if (key === null && !isNew) {
    throw failure('E_HOME_UNUSABLE', 'the node key is missing', {
      subject: home.keys,
      next: 'restore keys/ from a backup, or start on a new data folder',
    });
  }
  if (key === null) {
    await keys.keep(NODE, new Secret(generateSeed()));
    key = (await keys.load(NODE))!;
    log.info({ nodeKey: toHex(key.publicKey) }, 'a node key was made');
  }
  return {
    nodeKey: toHex(key.publicKey),
    nodeId: toHex(nodeIdOf(key.publicKey)),
    privateKey: key.privateKey,
    certificate: await certificateOf(key.privateKey, join(home.keys, 'node.crt'), log),
    tlsKey: key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

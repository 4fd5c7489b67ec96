import { createPrivateKey } from 'node:crypto';
import { BroadcastChannel } from 'node:worker_threads';
import { selfSigned } from '../../../bench/self-signed.ts';
import { storeContract } from '../../../src/actors/store/contract.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { publicKeyBytes } from '../../../src/protocol/crypto/ed25519.ts';
import { nodeIdOf } from '../../../src/protocol/objects/ids.ts';
import { SCRIPT, type ScriptCommand } from './script.ts';

// A store that knows a key and nothing else, and does to the shards what the test says.
export default {
  contract: storeContract,
  start() {
    const { key, cert } = selfSigned('ed25519');
    const privateKey = createPrivateKey(key);
    const publicKey = publicKeyBytes(privateKey);
    const identity = {
      nodeKey: toHex(publicKey),
      nodeId: toHex(nodeIdOf(publicKey)),
      privateKey,
      certificate: cert,
      tlsKey: key,
    };
    let held: Promise<void> | null = null;
    let release = () => {};
    const listeners: ((garbage: unknown) => void)[] = [];
    const script = new BroadcastChannel(SCRIPT);
    script.unref();
    script.onmessage = ({ data }: { data: unknown }) => {
      const command = data as ScriptCommand;
      if (command.kind === 'release') {
        held = null;
        release();
        return;
      }
      // A shard that dies is not to come back before it is told.
      held = new Promise((resolve) => {
        release = resolve;
      });
      // No list: a bug for whoever listens, outside of any session.
      listeners[command.shard]!(5);
    };
    async function* leaseChanges() {
      const garbage = await new Promise((resolve) => listeners.push(resolve));
      yield { contentIds: garbage };
    }
    return {
      handlers: {
        async identity() {
          await held;
          return identity;
        },
        leaseChanges,
        lease: () => null,
        knownPeer: () => null,
        rememberPeer: () => null,
        bans: () => [],
        banned: async function* () {
          await new Promise(() => {});
          yield [];
        },
        wire: () => ({ error: 'nothing here' }),
      },
      stop: () => script.close(),
    };
  },
};

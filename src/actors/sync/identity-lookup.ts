import { revocationKey, rotationKey } from '../../protocol/objects/dht-keys.ts';
import { MAX_CHAIN_KEYS } from '../../protocol/objects/identity-registry.ts';
import { noAnswer } from '../no-answer.ts';
import type { SyncContext } from './context.ts';
import { valueFromDht } from './dht-lookup.ts';
import type { KeyMemory } from './key-memory.ts';
import type { Peer, ValueAnswer } from './peer.ts';

/** Peers asked for rotations and revocations of one key. */
const MAX_SOURCES = 3;

/**
 * Learns what became of a share's key: asks the peers, and the DHT, for its revocation and its rotation, and for those of the keys
 * it was handed on to (SCP2P wire v2, section 20). Verified records are remembered; failures of peers only mean
 * that nothing was learnt from them.
 */
export async function learnIdentity(
  context: SyncContext,
  keys: KeyMemory,
  shareKey: Uint8Array,
  peers: readonly Peer[],
  signal: AbortSignal,
): Promise<void> {
  const sources: Peer[] = [];
  for (const peer of peers) {
    if (sources.length >= MAX_SOURCES) break;
    if (await peer.knowsIdentityRecords(signal).catch(noAnswer)) sources.push(peer);
  }
  let key = shareKey;
  for (let looked = 0; looked < MAX_CHAIN_KEYS; looked++) {
    await Promise.all([
      ...sources.map((peer) => askOne(context, keys, key, peer, signal)),
      askNetwork(context, keys, key, signal),
    ]);
    if (keys.registry.revocationOf(key) !== undefined) return;
    const rotation = keys.registry.rotationOf(key);
    if (rotation === undefined) return;
    key = rotation.newPubkey;
  }
}

async function askOne(
  context: SyncContext,
  keys: KeyMemory,
  key: Uint8Array,
  peer: Peer,
  signal: AbortSignal,
): Promise<void> {
  const answers = [
    await peer.findValue(revocationKey(key), signal).catch(noAnswer),
    await peer.findValue(rotationKey(key), signal).catch(noAnswer),
  ];
  for (const answer of answers) take(context, keys, peer, answer);
}

/** Whoever keeps a record for others has it by its key alone. */
async function askNetwork(
  context: SyncContext,
  keys: KeyMemory,
  key: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const found = await Promise.all([
    valueFromDht(context, revocationKey(key), signal),
    valueFromDht(context, rotationKey(key), signal),
  ]);
  for (const value of found) if (value !== null) keys.learn(value.content);
}

function take(context: SyncContext, keys: KeyMemory, peer: Peer, answer: ValueAnswer | null): void {
  if (answer === null || answer.kind === 'none') return;
  if (answer.kind === 'value' && keys.learn(answer.content)) return;
  context.metrics.add('records_refused', 1);
  context.log.warn({ peer: peer.target.address }, 'rotation or revocation refused');
}

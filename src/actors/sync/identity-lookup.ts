import { revocationKey, rotationKey } from '../../protocol/objects/dht-keys.ts';
import type { DhtContent } from '../../protocol/objects/dht-value.ts';
import { type IdentityRegistry, MAX_CHAIN_KEYS } from '../../protocol/objects/identity-registry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { SyncContext } from './context.ts';
import { valueFromDht } from './dht-lookup.ts';
import type { Peer, ValueAnswer } from './peer.ts';

/** Peers asked for rotations and revocations of one key. */
const MAX_SOURCES = 3;

/**
 * Learns what became of a share's key: asks the peers, and the DHT, for its revocation and its rotation, and for those of the keys
 * it was handed on to (SCP2P wire v2, section 20). Verified records go into the registry; failures of peers only mean
 * that nothing was learnt from them.
 */
export async function learnIdentity(
  context: SyncContext,
  registry: IdentityRegistry,
  shareKey: Uint8Array,
  peers: readonly Peer[],
  signal: AbortSignal,
): Promise<void> {
  const sources: Peer[] = [];
  for (const peer of peers) {
    if (sources.length >= MAX_SOURCES) break;
    if (await quietly(peer.knowsIdentityRecords(signal))) sources.push(peer);
  }
  let key = shareKey;
  for (let looked = 0; looked < MAX_CHAIN_KEYS; looked++) {
    await Promise.all([
      ...sources.map((peer) => askOne(context, registry, key, peer, signal)),
      askNetwork(context, registry, key, signal),
    ]);
    if (registry.revocationOf(key) !== undefined) return;
    const rotation = registry.rotationOf(key);
    if (rotation === undefined) return;
    key = rotation.newPubkey;
  }
}

async function askOne(
  context: SyncContext,
  registry: IdentityRegistry,
  key: Uint8Array,
  peer: Peer,
  signal: AbortSignal,
): Promise<void> {
  const answers = [
    await quietly(peer.findValue(revocationKey(key), signal)),
    await quietly(peer.findValue(rotationKey(key), signal)),
  ];
  for (const answer of answers) take(context, registry, peer, answer);
}

/** Whoever keeps a record for others has it by its key alone. */
async function askNetwork(
  context: SyncContext,
  registry: IdentityRegistry,
  key: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const found = await Promise.all([
    valueFromDht(context, revocationKey(key), signal),
    valueFromDht(context, rotationKey(key), signal),
  ]);
  for (const value of found) if (value !== null) put(registry, value.content);
}

/** Whether it was such a record. */
function put(registry: IdentityRegistry, content: DhtContent): boolean {
  if (content.kind === 'key-revocation') registry.addRevocation(content.value);
  else if (content.kind === 'key-rotation') registry.addRotation(content.value);
  else return false;
  return true;
}

function take(
  context: SyncContext,
  registry: IdentityRegistry,
  peer: Peer,
  answer: ValueAnswer | null,
): void {
  if (answer === null || answer.kind === 'none') return;
  if (answer.kind === 'value' && put(registry, answer.content)) return;
  context.metrics.add('records_refused', 1);
  context.log.warn({ peer: peer.target.address }, 'rotation or revocation refused');
}

async function quietly<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ActorError) return null;
    throw error;
  }
}

import type { StoredPeer } from '../../../src/actors/known-peer-types.ts';

export const NOW = 1_790_000_000;
export const keyOf = (n: number): string => n.toString(16).padStart(64, '0');
/** Each in a /24 of its own. */
export const addressOf = (n: number, port = 7001): string =>
  `tcp://${60 + Math.floor(n / 65_536)}.${Math.floor(n / 256) % 256}.${n % 256}.1:${port}`;

/** A peer that answered. */
export const storedPeer = (n: number, change: Partial<StoredPeer> = {}): StoredPeer => ({
  address: addressOf(n),
  nodeKey: keyOf(n),
  version: 2,
  capabilityKeys: 8,
  native: true,
  seenAt: NOW,
  capabilities: ['content_seed'],
  failures: 0,
  score: 0,
  scoreAt: NOW,
  source: 'dial',
  ...change,
});

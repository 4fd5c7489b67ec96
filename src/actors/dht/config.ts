import { z } from 'zod';
import { DIAL_SCOPES } from '../../protocol/addresses/may-dial.ts';

export const dhtConfig = z.strictObject({
  /** Nodes that lookups begin with while no others are known: `tcp://ip:port[@key]`. */
  bootstrap: z.array(z.string()).default([]),
  /** Which addresses that others told of may be dialled. */
  scope: z.enum(DIAL_SCOPES).default('public'),
  /** Own shares whose heads and manifests are given to the nodes nearest to them. */
  publish: z.enum(['none', 'public', 'all']).default('public'),
  /** Values kept for others, at most; 0: none are taken. */
  maxValues: z.int().min(0).max(100_000).default(20_000),
  /** Octets of those values, at most. */
  maxValueBytes: z
    .int()
    .min(0)
    .default(32 * 1024 * 1024),
  /** Contents that this node says it has: none, those of own shares, downloads as well. Of shares that `publish` names. */
  announce: z.enum(['none', 'own', 'all']).default('all'),
  /** Nodes that are told of each content. */
  announceReplicas: z.int().min(1).max(20).default(8),
  /** Requests a second for it, at most. */
  announcePerSecond: z.number().min(0.1).max(500).default(20),
  /** For how long one counts, in seconds; it is said again before. */
  announceLifeSeconds: z.int().min(60).max(604_800).default(86_400),
  /**
   * Protections, each of which tests and simulations can take away to see what it is for. No setting of a node reaches
   * them; a node without one of them is open to the attack that it is there for.
   */
  defences: z
    .strictObject({
      /** Few nodes of one neighbourhood in a bucket, in the table and in a lookup. */
      diversity: z.boolean().default(true),
      /** Who has a place in a bucket keeps it while it answers. */
      pingBeforeEvict: z.boolean().default(true),
      /** Only nodes that answered come into the table, not those that others told of. */
      onlyAnswered: z.boolean().default(true),
      /** Heads count when their share's key signed them. */
      checkedHeads: z.boolean().default(true),
      /** Lists are kept by giver, and no giver fills more than its part of what is kept. */
      origins: z.boolean().default(true),
      /** Values are taken of each giver at a rate. */
      rates: z.boolean().default(true),
      /** Ways of a lookup that share no node. */
      disjointPaths: z.boolean().default(true),
    })
    .prefault({}),
});
export type DhtConfig = z.output<typeof dhtConfig>;
/** What of its protections a DHT has. */
export type DhtDefences = DhtConfig['defences'];

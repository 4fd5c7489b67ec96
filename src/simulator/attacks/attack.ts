import type { DhtConfig } from '../../actors/dht/config.ts';
import type { DhtWorldOptions } from '../dht-world.ts';
import { DhtWorld } from '../dht-world.ts';
import type { Behaviours } from '../granary-nodes.ts';

/** What became of an attack. */
export interface AttackResult {
  /** The attacker has what he wanted. */
  readonly succeeded: boolean;
  /** How near he came: 0 nothing, 1 all. */
  readonly share: number;
  /** Of what `share` is the share, in words. */
  readonly of: string;
}

/** An attack on the DHT, with what stands in its way. */
export interface Attack {
  readonly name: string;
  /** What protects from it, in words. */
  readonly defence: string;
  /** Settings that take the protection away. */
  readonly off: Partial<DhtConfig>;
  /** Settings of its world with the protection in place; default: none. */
  readonly on?: Partial<DhtConfig>;
  /** Nodes of its world unless told otherwise. */
  readonly nodes: number;
  run(world: DhtWorld): Promise<AttackResult>;
}

/** Runs an attack in a world of its own, with its defence on or off. */
export async function runAttack(
  attack: Attack,
  {
    defended,
    behaviours,
    ...options
  }: Omit<DhtWorldOptions, 'nodes'> & {
    readonly nodes?: number;
    readonly defended: boolean;
    readonly behaviours: Behaviours;
  },
): Promise<{ result: AttackResult; world: DhtWorld }> {
  const world = await DhtWorld.join(
    { nodes: attack.nodes, ...options, dht: { ...options.dht, ...(defended ? attack.on : attack.off) } },
    behaviours,
  );
  const result = await attack.run(world);
  return { result, world };
}

/** Name of the channel on which a test tells the scripted store what to do. */
export const SCRIPT = 'granary-acceptor-test';

export type ScriptCommand =
  /** Makes the shard that opened its stream as number `shard` die, and holds its next life back. */
  { readonly kind: 'crash'; readonly shard: number } | { readonly kind: 'release' };

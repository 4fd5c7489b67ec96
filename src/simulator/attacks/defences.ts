import type { DhtConfig } from '../../actors/dht/config.ts';

type Defences = DhtConfig['defences'];

/** A DHT without these protections. */
export const off = (...names: readonly (keyof Defences)[]): Partial<DhtConfig> => ({
  defences: Object.fromEntries(names.map((name) => [name, false])) as Defences,
});

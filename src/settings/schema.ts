import { z } from 'zod';
import { acceptorConfig } from '../actors/acceptor/contract.ts';
import { controlConfig } from '../actors/control/contract.ts';
import { hashingConfig } from '../actors/hashing/contract.ts';
import { storeConfig } from '../actors/store/contract.ts';
import { syncConfig } from '../actors/sync/contract.ts';
import { transportConfig } from '../actors/transport/contract.ts';
import { LOG_LEVELS } from '../supervisor/observe/log.ts';

const transport = transportConfig.shape;
const acceptor = acceptorConfig.shape;

/**
 * Every setting an operator may write, by group. The values' types, bounds and defaults are those of the
 * actors' own configurations: there is no second place for them.
 */
export const settingsSchema = z.strictObject({
  node: z.strictObject({
    log_level: z.enum(LOG_LEVELS).default('info'),
  }),
  network: z.strictObject({
    listen: acceptor.listen,
    advertise: acceptor.advertise,
    bootstrap: syncConfig.shape.bootstrap,
    /** Transport shards; 0: one a core but one. */
    shards: z.int().min(0).max(64).default(0),
    require_bound: transport.requireBound,
    handshake_ms: transport.handshakeMs,
    dial_ms: transport.dialMs,
    request_ms: transport.requestMs,
    idle_ms: transport.idleMs,
    max_sessions: transport.maxSessions,
    in_flight: transport.inFlight,
    max_pending: acceptor.maxPending,
    max_pending_per_address: acceptor.maxPendingPerAddress,
    max_accepts_per_second: acceptor.maxPerSecond,
    max_accepts_per_second_per_net: acceptor.maxPerSecondPerNet,
  }),
  store: z.strictObject({
    keys: storeConfig.shape.keys,
    keyfile: storeConfig.shape.keyfile,
  }),
  hashing: z.strictObject({
    threads: hashingConfig.shape.threads,
  }),
  sync: z.strictObject({
    interval_seconds: syncConfig.shape.intervalSeconds,
  }),
  control: z.strictObject({
    max_clients: controlConfig.shape.maxClients,
  }),
});

export type Settings = z.output<typeof settingsSchema>;

/** One value of the schema. `kind` is how text from a flag or the environment is read. */
export interface SettingKey {
  readonly group: string;
  readonly name: string;
  /** `group.name` */
  readonly key: string;
  /** `GRANARY_GROUP_NAME` */
  readonly variable: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'list';
  readonly schema: z.ZodType;
}

/** All settings in the schema's order. */
export const SETTING_KEYS: readonly SettingKey[] = Object.entries(settingsSchema.shape).flatMap(
  ([group, { shape }]) =>
    Object.entries(shape as Record<string, z.ZodType>).map(([name, schema]) => ({
      group,
      name,
      key: `${group}.${name}`,
      variable: `GRANARY_${group}_${name}`.toUpperCase(),
      kind: kindOf(schema.parse(undefined)),
      schema,
    })),
);

function kindOf(value: unknown): SettingKey['kind'] {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return 'number';
  return typeof value === 'boolean' ? 'boolean' : 'text';
}

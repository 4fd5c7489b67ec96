import type { NodeSettings } from '../node.ts';
import type { Settings } from './schema.ts';

/**
 * The settings of an operator as the configurations of the actors. `passphrase` opens the keys; empty: none is needed.
 * `origins`: where they come from, by `group.name`. `folder`: for the sockets of the QUIC bridge; empty: no QUIC.
 */
export function nodeSettings(
  home: string,
  socket: string,
  settings: Settings,
  passphrase = '',
  origins: ReadonlyMap<string, string> = new Map(),
  folder = '',
): NodeSettings {
  const { network, transport } = settings;
  const bounds = {
    maxPending: network.max_pending,
    maxPendingPerAddress: network.max_pending_per_address,
    maxPerSecond: network.max_accepts_per_second,
    maxPerSecondPerNet: network.max_accepts_per_second_per_net,
  };
  const pinned = pinnedOf(origins);
  return {
    home,
    pinned,
    logLevel: settings.node.log_level,
    shards: network.shards > 0 ? network.shards : undefined,
    store: {
      keys: settings.store.keys,
      keyfile: settings.store.keyfile,
      passphrase,
      backupHours: settings.store.backup_hours,
      backupKeep: settings.store.backup_keep,
      backupFolder: settings.store.backup_folder,
    },
    hashing: { threads: settings.hashing.threads },
    limits: { ...settings.limits, pinned: pinned.flatMap((key) => LIMIT_NAMES[key] ?? []) },
    transport: {
      handshakeMs: network.handshake_ms,
      dialMs: network.dial_ms,
      requestMs: network.request_ms,
      idleMs: network.idle_ms,
      maxSessions: network.max_sessions,
      inFlight: network.in_flight,
      requestWindow: network.request_window,
      requireBound: network.require_bound,
      uploadSlots: network.upload_slots,
      diskQueue: settings.downloads.disk_queue,
      policy: transport.policy,
      congestion: transport.congestion,
    },
    acceptor: {
      listen: network.listen,
      advertise: network.advertise,
      ...bounds,
      maxNewPerSecond: network.max_new_accepts_per_second,
      maxNewPerSecondPerNet: network.max_new_accepts_per_second_per_net,
    },
    quic: {
      listen: network.listen.filter((address) => address.startsWith('quic://')),
      folder,
      congestion: transport.congestion,
      off: transport.policy === 'tcp-only',
      pendingMs: network.handshake_ms,
      ...bounds,
    },
    publish: {
      quietSeconds: settings.publish.quiet_seconds,
      rescanSeconds: settings.publish.rescan_seconds,
    },
    dht: {
      bootstrap: network.bootstrap,
      scope: network.scope,
      publish: settings.dht.publish,
      maxValues: settings.dht.max_values,
      maxValueBytes: settings.dht.max_value_bytes,
      announce: settings.dht.announce,
      announceReplicas: settings.dht.announce_replicas,
      announcePerSecond: settings.dht.announce_per_second,
      announceLifeSeconds: settings.dht.announce_life_seconds,
    },
    pex: {
      bootstrap: network.bootstrap,
      bootstrapPinned: pinned.includes('network.bootstrap'),
      outbound: network.outbound,
      scope: network.scope,
    },
    sync: {
      intervalSeconds: settings.sync.interval_seconds,
      requestsPerSecond: settings.sync.requests_per_second,
    },
    search: { stemming: settings.search.stemming },
    transfer: {
      maxActive: settings.downloads.max_active,
      reserveBytes: settings.downloads.reserve_bytes,
      readAheadBytes: settings.downloads.read_ahead_bytes,
      preallocate: settings.downloads.preallocate,
      categories: settings.downloads.categories,
    },
    control: { socket, maxClients: settings.control.max_clients },
  };
}

/** Settings that a flag or the environment gave: nothing that is set live wins over them. */
const pinnedOf = (origins: ReadonlyMap<string, string>): string[] =>
  [...origins].filter(([, origin]) => /^(flag|environment)/.test(origin)).map(([key]) => key);

/** The limits that a setting is about. */
const LIMIT_NAMES: Readonly<Record<string, readonly string[]>> = {
  'limits.up': ['up'],
  'limits.down': ['down'],
  'limits.schedule': ['schedule'],
  'limits.quota': ['quota:day.up', 'quota:day.down', 'quota:month.up', 'quota:month.down'],
};

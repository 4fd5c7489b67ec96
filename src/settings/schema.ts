import { z } from 'zod';
import { acceptorConfig } from '../actors/acceptor/config.ts';
import { controlConfig } from '../actors/control/config.ts';
import { dhtConfig } from '../actors/dht/config.ts';
import { hashingConfig } from '../actors/hashing/config.ts';
import { limitsConfig } from '../actors/limits/config.ts';
import { pexConfig } from '../actors/pex/config.ts';
import { publishConfig } from '../actors/publish/config.ts';
import { searchConfig } from '../actors/search/config.ts';
import { storeConfig } from '../actors/store/config.ts';
import { syncConfig } from '../actors/sync/config.ts';
import { transferConfig } from '../actors/transfer/config.ts';
import { transportConfig } from '../actors/transport/config.ts';
import { LOG_LEVELS } from '../supervisor/observe/log-level.ts';
import { advertisedAddresses, bootstrapAddresses, listenAddresses } from './address-lists.ts';
import { categoryFolders } from './category-folders.ts';
import { quotaEntries, rateText, scheduleEntries } from './limit-texts.ts';

const transport = transportConfig.shape;
const acceptor = acceptorConfig.shape;

/** A setting with its meaning for operators. */
function setting<S extends z.ZodType>(schema: S, description: string): S {
  return schema.meta({ description });
}

/** One that a running node takes over when its configuration is read again. */
function live<S extends z.ZodType>(schema: S, description: string): S {
  return schema.meta({ description, live: true });
}

/**
 * Every setting an operator may write, by group. The values' types, bounds and defaults are those of the
 * actors' own configurations: there is no second place for them. The meanings become the reference of the
 * documentation, `live` what a reload may change.
 */
export const settingsSchema = z.strictObject({
  node: z.strictObject({
    log_level: setting(
      z.enum(LOG_LEVELS).default('info'),
      'How much the node says on standard error; each level includes those after it.',
    ),
  }),
  network: z.strictObject({
    listen: setting(
      acceptor.listen.check(listenAddresses),
      'Where peers reach this node: `tcp://IP:PORT` for TLS over TCP, `quic://IP:PORT` for QUIC over UDP; `0.0.0.0` and `[::]` are all interfaces, port 0 takes a free port at each start. An empty list: nobody can download from here.',
    ),
    advertise: setting(
      acceptor.advertise.check(advertisedAddresses),
      'What links say instead of the addresses found on this host, `tcp://IP:PORT` or `quic://IP:PORT` each: for hosts behind a NAT or a container network.',
    ),
    bootstrap: live(
      pexConfig.shape.bootstrap.check(bootstrapAddresses),
      'Where this node finds the network: `tcp://HOST:PORT` or `quic://HOST:PORT` each, a name or an IP address, with `@NODE_KEY` to accept that node alone. They are also asked for shares beside the addresses of their links. `granary seeds` adds and removes some while the node runs.',
    ),
    outbound: live(
      pexConfig.shape.outbound,
      'Connections to other nodes that this one keeps up by itself, to find others and to be found; 0: none.',
    ),
    scope: live(
      dhtConfig.shape.scope,
      'Which addresses that other nodes tell of may be dialled: `public`; `lan`: private ones as well; `test`: any. What you typed, or a link says, always may.',
    ),
    shards: live(
      z.int().min(0).max(64).default(0),
      'Transport threads; 0: one for each core but one, at least one.',
    ),
    require_bound: live(
      transport.requireBound,
      'Refuse peers whose session is not bound to their node key, by TLS or by sealing. This shuts out the nodes of the reference.',
    ),
    handshake_ms: live(
      transport.handshakeMs,
      'Milliseconds from an accepted connection to the end of its handshake.',
    ),
    dial_ms: live(transport.dialMs, 'Milliseconds from a dial to the end of its handshake.'),
    request_ms: live(
      transport.requestMs,
      'Milliseconds without a byte from a peer that owes an answer, until it counts as silent.',
    ),
    idle_ms: live(transport.idleMs, 'Milliseconds without a request, until an idle session is closed.'),
    max_sessions: live(transport.maxSessions, 'Sessions with peers at once, on each transport thread.'),
    in_flight: live(transport.inFlight, 'Requests of one peer to us under way at once.'),
    request_window: live(
      transport.requestWindow,
      'Chunks asked of one peer and not come yet, at most. How many really are is learnt from how far and how fast the peer is.',
    ),
    upload_slots: live(
      transport.uploadSlots,
      'Peers that chunks are sent to at once, by each transport thread; the others wait for their turn. 0: all of them.',
    ),
    max_pending: setting(acceptor.maxPending, 'Accepted connections without a finished handshake, in all.'),
    max_pending_per_address: setting(
      acceptor.maxPendingPerAddress,
      'Accepted connections without a finished handshake, from one address.',
    ),
    max_accepts_per_second: setting(
      acceptor.maxPerSecond,
      'Handshakes begun by others in a second, in all; twice as many may come at once, and who comes faster waits for its turn, two seconds at most.',
    ),
    max_accepts_per_second_per_net: setting(
      acceptor.maxPerSecondPerNet,
      'Handshakes begun by others in a second, from one neighbourhood (IPv4 /24, IPv6 /48).',
    ),
    max_new_accepts_per_second: setting(
      acceptor.maxNewPerSecond,
      'Of these, connections of neighbourhoods that nothing good is known of and that come to nothing; who proves to be of use does not count.',
    ),
    max_new_accepts_per_second_per_net: setting(
      acceptor.maxNewPerSecondPerNet,
      'The same, from one neighbourhood.',
    ),
  }),
  transport: z.strictObject({
    policy: live(
      transport.policy,
      'Which transport is dialled: `auto` tries the addresses of a peer a quarter of a second apart, TCP first, and remembers what worked; `tcp-first` and `quic-first` try the other one only when all of the first have failed; `tcp-only` and `quic-only` dial no other (a node started with `tcp-only` has no QUIC process).',
    ),
    congestion: live(
      transport.congestion,
      'How what is sent over QUIC shares its path: `bbr` bears lost packets, `cubic` is faster where none are lost. `auto`: cubic within this machine and to private addresses that are dialled, else bbr. Connections that others open have it from the next start on.',
    ),
  }),
  store: z.strictObject({
    keys: setting(
      storeConfig.shape.keys,
      '`keyfile`: private keys are sealed under a generated key file, which protects copies of the data folder, not this host. `passphrase`: under a passphrase, asked for on the terminal, or taken from `GRANARY_PASSPHRASE` or `store.passphrase_file`. `plain`: they lie as they are.',
    ),
    keyfile: setting(
      storeConfig.shape.keyfile,
      'Path of the key file; empty: `granary/key` in the configuration folder (`$XDG_CONFIG_HOME`, else `~/.config`).',
    ),
    passphrase_file: setting(
      z.string().default(''),
      'Path of a file whose first line is the passphrase; empty: none.',
    ),
    backup_hours: setting(
      storeConfig.shape.backupHours,
      'Hours between the copies that the node makes of itself, without hash lists; 0: none.',
    ),
    backup_keep: setting(storeConfig.shape.backupKeep, 'How many of those copies are kept.'),
    backup_folder: setting(
      storeConfig.shape.backupFolder,
      'Where those copies go; empty: `backups/` in the data folder. Another disk is the better place.',
    ),
  }),
  hashing: z.strictObject({
    threads: live(hashingConfig.shape.threads, 'Threads that read and hash files; 0: one for each core.'),
  }),
  limits: z.strictObject({
    up: live(
      limitsConfig.shape.up.check(rateText),
      'Cap on all that goes out: `20MB/s`, `512KiB/s`, `100Mbit`, `0` for nothing at all, or `off`. `granary limits set` wins over the file and the default, flags and the environment over it.',
    ),
    down: live(limitsConfig.shape.down.check(rateText), 'Cap on all that comes in, written in the same way.'),
    schedule: live(
      limitsConfig.shape.schedule.check(scheduleEntries),
      'Other caps at some hours of the week, in local time: `mon-fri 08:00-18:00 up=1MB/s down=off` each; the first that holds and names the direction counts.',
    ),
    quota: live(
      limitsConfig.shape.quota.check(quotaEntries),
      'Bytes a calendar day or month of local time: `day.up=50GB`, `month.down=2TB`. When one is used up nothing goes that way until it begins anew.',
    ),
  }),
  dht: z.strictObject({
    publish: live(
      dhtConfig.shape.publish,
      'Own shares that are given to the nodes nearest to them in the DHT, where everybody who knows the id of one finds its head and its list of files: `public`: those published with `--public`; `all`; `none`.',
    ),
    max_values: live(
      dhtConfig.shape.maxValues,
      'Values of the DHT that this node keeps for others; 0: none are taken.',
    ),
    max_value_bytes: live(dhtConfig.shape.maxValueBytes, 'Bytes of those values.'),
    announce: live(
      dhtConfig.shape.announce,
      'Which files this node tells the DHT that it has, with its address: `own`: those of own shares; `all`: downloads of subscribed shares as well; `none`. Of private shares only if `dht.publish` is `all`.',
    ),
    announce_replicas: live(dhtConfig.shape.announceReplicas, 'Nodes that are told of each file.'),
    announce_per_second: live(
      dhtConfig.shape.announcePerSecond,
      'Requests a second that are spent on telling, at most.',
    ),
    announce_life_seconds: live(
      dhtConfig.shape.announceLifeSeconds,
      'For how long it counts; each file is told of again after five sixths of it.',
    ),
  }),
  publish: z.strictObject({
    quiet_seconds: setting(
      publishConfig.shape.quietSeconds,
      'A watched share (`granary publish --watch`) is published when nothing changed in it for so many seconds, at the latest a minute after the first change; a file that was written less long ago waits for the next time.',
    ),
    rescan_seconds: setting(
      publishConfig.shape.rescanSeconds,
      'Seconds between looks through all files of a watched share, whatever the system told of it.',
    ),
  }),
  sync: z.strictObject({
    interval_seconds: live(
      syncConfig.shape.intervalSeconds,
      'Seconds between looks for newer revisions of subscribed shares; 0: only when asked.',
    ),
    requests_per_second: live(
      syncConfig.shape.requestsPerSecond,
      'What those looks send to peers, on average. Where there are more shares and peers than that reaches, shares come in turn: those that changed lately sooner, each with fewer peers.',
    ),
  }),
  search: z.strictObject({
    stemming: live(
      searchConfig.shape.stemming,
      'Words are also found by other forms of them in this language (song, songs). A change builds the indexes of all subscribed shares anew, in the background.',
    ),
  }),
  downloads: z.strictObject({
    max_active: live(
      transferConfig.shape.maxActive,
      'Transfers under way at once; the others wait in the queue.',
    ),
    reserve_bytes: live(
      transferConfig.shape.reserveBytes,
      'Bytes that downloads leave free on every disk; below that they wait until there is room again.',
    ),
    read_ahead_bytes: live(
      transferConfig.shape.readAheadBytes,
      'Bytes that a download with `get --sequential` may be ahead of the first one that is missing.',
    ),
    preallocate: live(
      transferConfig.shape.preallocate,
      'Large files get their place on the disk before their bytes (Linux, by the program fallocate): less scattered, and a full disk shows at the beginning.',
    ),
    disk_queue: live(
      transport.diskQueue,
      'Chunks of one fetch that may be with a slow disk at once; beyond them nothing more is asked for.',
    ),
    categories: live(
      transferConfig.shape.categories.check(categoryFolders),
      'Where downloads of a category go: `NAME=/absolute/folder` each, for `get --category NAME`.',
    ),
  }),
  control: z.strictObject({
    max_clients: setting(
      controlConfig.shape.maxClients,
      'Commands and programs on the control socket at once.',
    ),
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
  readonly description: string;
  /** A running node takes a change over; others wait for its next start. */
  readonly live: boolean;
}

/** All settings in the schema's order. */
export const SETTING_KEYS: readonly SettingKey[] = Object.entries(settingsSchema.shape).flatMap(
  ([group, { shape }]) =>
    Object.entries(shape as Record<string, z.ZodType>).map(([name, schema]) => {
      const { description, live } = schema.meta() ?? {};
      return {
        group,
        name,
        key: `${group}.${name}`,
        variable: `GRANARY_${group}_${name}`.toUpperCase(),
        kind: kindOf(schema.parse(undefined)),
        schema,
        description: description ?? '',
        live: live === true,
      };
    }),
);

function kindOf(value: unknown): SettingKey['kind'] {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return 'number';
  return typeof value === 'boolean' ? 'boolean' : 'text';
}

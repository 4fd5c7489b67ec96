import type { Database } from './database.ts';

/**
 * The schema of `state.db`, one step a version. A step that was released never changes; the next version is a new step.
 *
 * Items belong to a manifest, and a share points to its manifest: a new revision is a new manifest with its items and
 * one changed pointer, and a share that is both own and subscribed may have two. Ids are octets; times are seconds since
 * 1970; the nanoseconds and inodes of a file are decimal text, because they have 64 bits.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE manifests (
    id INTEGER PRIMARY KEY,
    manifest_id BLOB NOT NULL UNIQUE,
    dht_key BLOB NOT NULL UNIQUE,
    seq INTEGER NOT NULL,
    length INTEGER NOT NULL,
    digest BLOB NOT NULL,
    public INTEGER NOT NULL,
    title TEXT,
    description TEXT,
    items INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE items (
    manifest INTEGER NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    content_id BLOB NOT NULL,
    size INTEGER NOT NULL,
    name TEXT NOT NULL,
    path TEXT,
    mime TEXT,
    tags TEXT,
    chunk_count INTEGER NOT NULL,
    chunk_list_hash BLOB NOT NULL,
    PRIMARY KEY (manifest, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX items_by_content ON items (content_id);

  CREATE TABLE own_shares (
    id INTEGER PRIMARY KEY,
    share_id BLOB NOT NULL UNIQUE,
    share_key BLOB NOT NULL,
    name TEXT NOT NULL UNIQUE,
    head_key BLOB NOT NULL UNIQUE,
    head BLOB,
    manifest INTEGER REFERENCES manifests (id),
    catalog BLOB,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX own_shares_by_manifest ON own_shares (manifest);

  CREATE TABLE sources (
    share INTEGER NOT NULL REFERENCES own_shares (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    content_id BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns TEXT NOT NULL,
    ctime_ns TEXT NOT NULL,
    inode TEXT NOT NULL,
    chunk_count INTEGER NOT NULL,
    chunk_list_hash BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    PRIMARY KEY (share, path)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sources_by_content ON sources (content_id);

  CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY,
    share_id BLOB NOT NULL UNIQUE,
    share_key BLOB NOT NULL,
    trust TEXT NOT NULL CHECK (trust IN ('trusted', 'normal', 'untrusted')),
    weight REAL NOT NULL,
    peers TEXT NOT NULL,
    head_key BLOB NOT NULL UNIQUE,
    head BLOB,
    manifest INTEGER REFERENCES manifests (id),
    source TEXT,
    last_sync INTEGER,
    error_code TEXT,
    error_message TEXT
  ) STRICT;
  CREATE INDEX subscriptions_by_manifest ON subscriptions (manifest);

  CREATE TABLE peers (
    address TEXT PRIMARY KEY,
    node_key BLOB NOT NULL,
    version INTEGER NOT NULL,
    capability_keys INTEGER NOT NULL,
    native INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX peers_by_age ON peers (seen_at);

  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO counters VALUES ('lease_epoch', 0);
  `,
  // `floor`: no revision gets this number or a lower one; `unsure`: somebody else may know of newer revisions.
  `
  ALTER TABLE own_shares ADD COLUMN floor INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE own_shares ADD COLUMN unsure INTEGER NOT NULL DEFAULT 0;
  `,
  // Where a share's files are looked for again, as JSON; a withdrawn one keeps its key and number. `inside`: the file's path in the share.
  `
  ALTER TABLE own_shares ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE own_shares ADD COLUMN roots TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE own_shares ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE sources ADD COLUMN inside TEXT;
  CREATE INDEX sources_by_inside ON sources (share, inside);
  CREATE INDEX sources_gone ON sources (share, path) WHERE gone = 1;
  `,
  // Files hashed for revisions to come.
  `
  CREATE TABLE journal (
    path TEXT PRIMARY KEY,
    content_id BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns TEXT NOT NULL,
    ctime_ns TEXT NOT NULL,
    inode TEXT NOT NULL,
    chunk_list_hash BLOB NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX journal_by_content ON journal (content_id);
  CREATE INDEX journal_by_age ON journal (at);
  `,
  'ALTER TABLE own_shares ADD COLUMN watch INTEGER NOT NULL DEFAULT 0',
  // What was downloaded and is served to others.
  `
  CREATE TABLE held (
    path TEXT PRIMARY KEY,
    content_id BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns TEXT NOT NULL,
    ctime_ns TEXT NOT NULL,
    inode TEXT NOT NULL,
    chunk_count INTEGER NOT NULL,
    chunk_list_hash BLOB NOT NULL,
    epoch INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX held_by_content ON held (content_id);
  `,
  // Volumes of a collection are shares of their own below the one they belong to; `listed`: ids of 32 octets each, in the order of the manifest.
  `
  ALTER TABLE own_shares ADD COLUMN parent INTEGER REFERENCES own_shares (id) ON DELETE CASCADE;
  ALTER TABLE own_shares ADD COLUMN volume INTEGER;
  CREATE UNIQUE INDEX own_shares_by_volume ON own_shares (parent, volume);
  ALTER TABLE subscriptions ADD COLUMN parent INTEGER REFERENCES subscriptions (id) ON DELETE CASCADE;
  ALTER TABLE subscriptions ADD COLUMN volume INTEGER;
  ALTER TABLE subscriptions ADD COLUMN listed BLOB;
  CREATE INDEX subscriptions_by_parent ON subscriptions (parent, volume);
  `,
  // What an operator set while the node ran.
  'CREATE TABLE live_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
  // What a recheck found. `damaged`: it looks as it did when it was hashed, and is not what it was. A download that is not
  // served is kept in mind; `adopted`: it lay here before.
  `
  ALTER TABLE sources ADD COLUMN damaged INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE held ADD COLUMN damaged INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE held ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX held_gone ON held (path) WHERE gone = 1;
  ALTER TABLE held ADD COLUMN adopted INTEGER NOT NULL DEFAULT 0;
  `,
  // Rotations and revocations of keys, as values of the DHT.
  `
  CREATE TABLE key_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    dht_key BLOB NOT NULL UNIQUE,
    record BLOB NOT NULL
  ) STRICT;
  `,
  // What this node thinks of peers, and whom it has nothing to do with.
  `
  ALTER TABLE peers ADD COLUMN capabilities TEXT NOT NULL DEFAULT '';
  ALTER TABLE peers ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE peers ADD COLUMN score REAL NOT NULL DEFAULT 0;
  ALTER TABLE peers ADD COLUMN score_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE peers ADD COLUMN source TEXT NOT NULL DEFAULT 'dial';
  CREATE TABLE bans (target TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
];

/** Version of an open database; 0 when it is empty. */
export function schemaVersion(database: Database): number {
  return database.get<{ user_version: number }>('PRAGMA user_version')!.user_version;
}

/** Brings a database to the last of `steps`, all steps in one transaction. */
export function migrate(database: Database, steps: readonly string[] = MIGRATIONS): void {
  const from = schemaVersion(database);
  if (from >= steps.length) return;
  database.transaction(() => {
    for (const step of steps.slice(from)) database.exec(step);
    database.exec(`PRAGMA user_version = ${steps.length}`);
  });
}

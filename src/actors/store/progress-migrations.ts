/**
 * The schema of `progress.db`, one step a version; as in `MIGRATIONS`, a step that was released never changes. Lists are
 * JSON, because nobody asks for a part of them.
 */
export const PROGRESS_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE transfers (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    target TEXT NOT NULL,
    directory TEXT NOT NULL,
    options TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'paused', 'done', 'failed')),
    priority INTEGER NOT NULL,
    added INTEGER NOT NULL,
    error TEXT,
    planned INTEGER NOT NULL,
    share_ids TEXT NOT NULL,
    folders TEXT NOT NULL,
    content_id TEXT,
    path TEXT,
    files INTEGER NOT NULL,
    files_total INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    bytes_total INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE files (
    transfer TEXT NOT NULL REFERENCES transfers (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    content_id BLOB NOT NULL,
    size INTEGER NOT NULL,
    chunk_list_hash BLOB NOT NULL,
    path TEXT NOT NULL,
    place TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('missing', 'done')),
    have BLOB,
    have_digest BLOB,
    length INTEGER,
    mtime_ns TEXT,
    inode TEXT,
    PRIMARY KEY (transfer, position)
  ) STRICT, WITHOUT ROWID;
  `,
  'CREATE TABLE traffic (period TEXT PRIMARY KEY, up INTEGER NOT NULL, down INTEGER NOT NULL) STRICT, WITHOUT ROWID',
];

import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Node } from './granary-process.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

interface Published {
  share_id: string;
  share_key: string;
  link: string;
  seq: number;
  manifest_id: string;
  items: number;
  bytes: number;
  hashed_bytes: number;
  skipped: { path: string; reason: string }[];
}

/** Files whose sizes meet every border of a chunk, and names that a careless node stumbles over. */
const FILES: Record<string, Uint8Array> = {
  'empty file': new Uint8Array(0),
  'one.bin': randomBytes(1),
  'chunk.bin': randomBytes(262_144),
  'chunk and one.bin': randomBytes(262_145),
  'several.bin': randomBytes(1_500_000),
  'albums/blue train/01 – Blue Train (日本盤).flac': randomBytes(70_000),
  'albums/blue train/cover.jpg': randomBytes(3_000),
  '.hidden/..not-a-parent': randomBytes(10),
  'twice/a.txt': Buffer.from('the same bytes'),
  'twice/b.txt': Buffer.from('the same bytes'),
  [`long/${'n'.repeat(200)}.txt`]: randomBytes(100),
};

describe('publish, subscribe, sync, search, download between two processes', () => {
  let work: string;
  let source: string;
  let publisher: Node;
  let reader: Node;
  let published: Published;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'granary-e2e-work-'));
    source = join(work, 'source');
    for (const [name, bytes] of Object.entries(FILES)) {
      await mkdir(join(source, name, '..'), { recursive: true });
      await writeFile(join(source, name), bytes);
    }
    await symlink('/etc/passwd', join(source, 'a link'));
    [publisher, reader] = await Promise.all([Node.start(), Node.start()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([publisher?.remove(), reader?.remove()]);
    await rm(work, { recursive: true, force: true });
  });

  test('both nodes say who they are', async () => {
    expect(publisher.ready.node_key).toMatch(/^[0-9a-f]{64}$/);
    expect(await publisher.must('id')).toMatchObject({ node_key: publisher.ready.node_key });
  });

  test('publish signs every regular file and says what it left out', async () => {
    const outcome = await publisher.run<Published>(
      'publish',
      source,
      '--title',
      'A shelf of records',
      '--public',
    );
    published = outcome.result;
    expect(outcome.code).toBe(0);
    expect(published).toMatchObject({
      seq: 1,
      items: Object.keys(FILES).length,
      bytes: Object.values(FILES).reduce((sum, bytes) => sum + bytes.length, 0),
    });
    expect(published.share_id).toMatch(/^[0-9a-f]{64}$/);
    expect(published.manifest_id).toMatch(/^[0-9a-f]{64}$/);
    expect(published.link).toMatch(/^scp2p:\/\/s\//);
    expect(published.skipped.map(({ reason }) => reason)).toEqual(['symlink']);
    expect(await publisher.must('shares')).toMatchObject({
      shares: [{ share_id: published.share_id, seq: 1 }],
    });
  });

  test('a second publish hashes nothing; a changed file alone is hashed again', async () => {
    const again = await publisher.must<Published>(
      'publish',
      source,
      '--title',
      'A shelf of records',
      '--public',
    );
    expect(again).toMatchObject({ hashed_bytes: 0, manifest_id: published.manifest_id, seq: 1 });
    FILES['one.bin'] = randomBytes(5);
    await writeFile(join(source, 'one.bin'), FILES['one.bin']);
    await utimes(join(source, 'one.bin'), 1_700_000_000, 1_700_000_000);
    published = await publisher.must<Published>(
      'publish',
      source,
      '--title',
      'A shelf of records',
      '--public',
    );
    expect(published).toMatchObject({ hashed_bytes: 5, seq: 2 });
  });

  test('subscribe brings the catalog', async () => {
    expect(
      await reader.must('subscribe', published.link, '--trust', 'trusted', '--weight', '2'),
    ).toMatchObject({
      share_id: published.share_id,
      title: 'A shelf of records',
      seq: 2,
      items: Object.keys(FILES).length,
      trust: 'trusted',
      weight: 2,
    });
    const { items } = await reader.must<{ items: { path: string; size: number; chunks: number }[] }>(
      'items',
      published.share_id,
    );
    expect(new Set(items.map(({ path }) => path))).toEqual(new Set(Object.keys(FILES)));
    for (const { path, size, chunks } of items) {
      expect(size).toBe(FILES[path]!.length);
      expect(chunks).toBe(Math.ceil(size / 262_144));
    }
  });

  test('search finds by word, by accent-free word and by the end of a word being typed', async () => {
    for (const words of [['blue', 'train'], ['日本盤'], ['blue', 'tra'], ['COVER']]) {
      const { hits } = await reader.must<{ hits: { share_id: string; path: string; trust: string }[] }>(
        'search',
        ...words,
      );
      expect(hits.length, words.join(' ')).toBeGreaterThan(0);
      expect(hits[0]).toMatchObject({ share_id: published.share_id, trust: 'trusted' });
    }
    expect(await reader.must('search', 'nothinglikethis')).toMatchObject({ hits: [], next: null });
  });

  test('get brings every byte', async () => {
    const out = join(work, 'out');
    const outcome = await reader.run<{
      files: { content_id: string; path: string; bytes: number; resumed_bytes: number }[];
      bytes: number;
      seconds: number;
      rate: number;
      providers: string[];
    }>('get', published.share_id, '-o', out);
    expect(outcome.error).toBeUndefined();
    expect(outcome.code).toBe(0);
    expect(outcome.result.files).toHaveLength(Object.keys(FILES).length);
    expect(outcome.result.bytes).toBe(Object.values(FILES).reduce((sum, bytes) => sum + bytes.length, 0));
    const entries = await readdir(out, { recursive: true, withFileTypes: true });
    const found = entries.filter((entry) => entry.isFile());
    expect(found).toHaveLength(Object.keys(FILES).length);
    const hashes = await Promise.all(
      found.map(async (e) => sha256(await readFile(join(e.parentPath, e.name)))),
    );
    expect(hashes.sort()).toEqual(Object.values(FILES).map(sha256).sort());
    expect(await readFile(join(out, 'albums/blue train/cover.jpg'))).toEqual(
      FILES['albums/blue train/cover.jpg'],
    );
  });

  test('a second get fetches nothing again, one file can be had by its path', async () => {
    const out = join(work, 'out');
    const again = await reader.must<{ files: { bytes: number; resumed_bytes: number }[] }>(
      'get',
      published.share_id,
      '-o',
      out,
    );
    for (const file of again.files) expect(file.resumed_bytes).toBe(file.bytes);
    const one = await reader.must<{ files: { path: string }[] }>(
      'get',
      `${published.share_id}/albums/blue train/cover.jpg`,
      '-o',
      join(work, 'one'),
    );
    expect(one.files).toHaveLength(1);
    expect(await readFile(one.files[0]!.path)).toEqual(FILES['albums/blue train/cover.jpg']);
  });

  test('the session between two Granary nodes is bound and native, and counted', async () => {
    const { peers } = await reader.must<{ peers: Record<string, unknown>[] }>('peers');
    expect(peers).toEqual([
      expect.objectContaining({
        bound: 'tls',
        native: true,
        direction: 'out',
        transport: 'tcp',
        node_id: publisher.ready.node_id,
      }),
    ]);
    const stats = await publisher.must<{
      bytes: { up: number };
      sessions: number;
      actors: { state: string }[];
    }>('stats');
    expect(stats.bytes.up).toBeGreaterThan(2_000_000);
    expect(stats.actors.every(({ state }) => state === 'up')).toBe(true);
  });

  test('a new revision arrives by sync', async () => {
    await writeFile(join(source, 'new arrival.txt'), 'fresh');
    await publisher.must('publish', source, '--title', 'A shelf of records', '--public');
    expect(await reader.must('sync')).toMatchObject({
      shares: [{ share_id: published.share_id, seq_before: 2, seq_after: 3, error: null }],
    });
    const { hits } = await reader.must<{ hits: { name: string }[] }>('search', 'arrival');
    expect(hits.map(({ name }) => name)).toEqual(['new arrival.txt']);
    expect(await reader.must('subs')).toMatchObject({
      subscriptions: [{ share_id: published.share_id, seq: 3 }],
    });
  });

  test('both stop clean, and start again with what they knew', async () => {
    expect(await reader.must('stop')).toMatchObject({ clean: true, cut: [] });
    reader = await Node.start({ home: reader.home });
    const { hits } = await reader.must<{ hits: unknown[] }>('search', 'arrival');
    expect(hits).toHaveLength(1);
  });
});

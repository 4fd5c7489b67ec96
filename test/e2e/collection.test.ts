import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Node } from './granary-process.ts';

const FILES = 3_600;

interface Published {
  share_id: string;
  link: string;
  seq: number;
  items: number;
  volumes: number;
  revisions: number;
}

describe('a folder that one share does not carry, with real processes', () => {
  let work: string;
  let publisher: Node;
  let reader: Node;
  let published: Published;
  const many = () => join(work, 'many');
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'granary-e2e-many-'));
    for (let i = 0; i < FILES; i++) {
      const folder = join(many(), `shelf ${Math.floor(i / 100)}`);
      if (i % 100 === 0) await mkdir(folder, { recursive: true });
      await writeFile(join(folder, `record ${i}.flac`), `record number ${i}`);
    }
    [publisher, reader] = await Promise.all([Node.start(), Node.start()]);
    published = await publisher.must<Published>('publish', many(), '--title', 'Many');
  }, 90_000);
  afterAll(async () => {
    await Promise.all([publisher?.remove(), reader?.remove()]);
    await rm(work, { recursive: true, force: true });
  });

  test('is one share behind one link', async () => {
    expect(published).toMatchObject({ items: FILES, volumes: 2, revisions: 3, seq: 1 });
    expect((await publisher.must<{ shares: object[] }>('shares')).shares).toMatchObject([
      { items: FILES, volumes: 2, name: 'many', state: 'ok' },
    ]);
    expect(await reader.must('subscribe', published.link)).toMatchObject({
      items: FILES,
      volumes: 2,
      error: null,
    });
    expect((await reader.must<{ subscriptions: object[] }>('subs')).subscriptions).toMatchObject([
      { share_id: published.share_id, title: 'Many', items: FILES, last_error: null },
    ]);
  }, 90_000);

  test('is searched, listed and downloaded as one', async () => {
    for (const number of [3, FILES - 1]) {
      const { hits } = await reader.must<{ hits: { share_id: string; name: string }[] }>(
        'search',
        `${number}`,
        '--share',
        published.share_id,
      );
      expect(hits.map(({ share_id, name }) => [share_id, name])).toContainEqual([
        published.share_id,
        `record ${number}.flac`,
      ]);
    }
    let listed = 0;
    for (let cursor: number | null = 0; cursor !== null; ) {
      const page: { items: object[]; next: number | null } = await reader.must(
        'items',
        published.share_id,
        '--cursor',
        `${cursor}`,
      );
      listed += page.items.length;
      cursor = page.next;
    }
    expect(listed).toBe(FILES);
    const out = join(work, 'out');
    // One in each volume.
    await reader.must('get', `${published.share_id}/shelf 0/record 7.flac`, '-o', out);
    await reader.must('get', `${published.share_id}/shelf 35`, '-o', out);
    expect(await readFile(join(out, 'record 7.flac'), 'utf8')).toBe('record number 7');
    expect(await readdir(join(out, 'shelf 35'))).toHaveLength(100);
  }, 120_000);

  test('a change signs one list anew, and arrives', async () => {
    await writeFile(join(many(), 'shelf 0', 'record 1.flac'), 'another');
    expect(await publisher.must('publish', many())).toMatchObject({ revisions: 1, volumes: 2, seq: 1 });
    expect((await reader.must<{ shares: object[] }>('sync')).shares).toMatchObject([
      { share_id: published.share_id, items: FILES, error: null, source: publisher.address },
    ]);
    const out = join(work, 'changed');
    await reader.must('get', `${published.share_id}/shelf 0/record 1.flac`, '-o', out);
    expect(await readFile(join(out, 'record 1.flac'), 'utf8')).toBe('another');
  }, 90_000);

  test('both survive a restart; unsubscribed and unshared, nothing of it is left', async () => {
    await publisher.kill('SIGKILL');
    await reader.kill('SIGKILL');
    [publisher, reader] = await Promise.all([
      Node.start({ home: publisher.home }),
      Node.start({ home: reader.home }),
    ]);
    expect((await publisher.must<{ shares: object[] }>('shares')).shares).toMatchObject([{ items: FILES }]);
    expect((await reader.must<{ subscriptions: object[] }>('subs')).subscriptions).toMatchObject([
      { items: FILES, volumes: 2 },
    ]);
    expect(await publisher.must('publish', many())).toMatchObject({ revisions: 0, hashed_bytes: 0 });
    await reader.must('unsubscribe', published.share_id);
    expect(await reader.must('subs')).toMatchObject({ subscriptions: [] });
    expect((await reader.must<{ hits: object[] }>('search', 'record')).hits).toEqual([]);
    expect(await publisher.must('unshare', 'many')).toMatchObject({ items: FILES });
    expect(await publisher.must('shares')).toMatchObject({ shares: [] });
  }, 120_000);
});

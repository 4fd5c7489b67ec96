import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Node } from './granary-process.ts';

interface Share {
  share_id: string;
  name: string;
  state: string;
  public: boolean;
  paths: string[];
  link: string;
}

describe('shares over time, with real processes', () => {
  let work: string;
  let nodes: Node[];
  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'granary-e2e-shares-'));
    nodes = [await Node.start(), await Node.start()];
    for (const name of ['one.flac', 'live/two.flac', 'films/three.mkv']) {
      await mkdir(join(work, 'music', name, '..'), { recursive: true });
      await writeFile(join(work, 'music', name), Buffer.alloc(300_000, name));
    }
  });
  afterEach(async () => {
    for (const node of nodes) await node.remove();
    await rm(work, { recursive: true, force: true });
  });
  const music = () => join(work, 'music');
  const statesOf = async (node: Node) =>
    (await node.must<{ items: { state: string }[] }>('items', 'music')).items.map(({ state }) => state);

  test('tags are found, the disk goes and comes back, the share is taken back and comes back', async () => {
    const [publisher, reader] = nodes as [Node, Node];
    const first = await publisher.must<Share & { link: string }>(
      'publish',
      music(),
      '--public',
      '--tag',
      'vinyl',
    );
    await reader.must('subscribe', first.link);
    const hits = await reader.must<{ hits: unknown[] }>('search', 'vinyl');
    expect(hits.hits).toHaveLength(3);
    expect(await publisher.must('publish', '--share', 'music')).toMatchObject({
      seq: 1,
      public: true,
      tags: ['vinyl'],
    });

    await rename(music(), `${music()}.away`);
    await mkdir(music());
    expect(await publisher.run('publish', music())).toMatchObject({
      code: 4,
      error: { code: 'E_SHARE_OFFLINE' },
    });
    expect(await statesOf(publisher)).toEqual(['offline', 'offline', 'offline']);
    expect((await publisher.must<{ shares: Share[] }>('shares')).shares).toMatchObject([
      { state: 'offline', public: true, paths: [music()] },
    ]);
    expect((await reader.run('get', `${first.share_id}/one.flac`, '-o', join(work, 'early'))).ok).toBe(false);
    await rm(music(), { recursive: true });
    await rename(`${music()}.away`, music());
    expect(await publisher.must('publish', music())).toMatchObject({ seq: 1, hashed_bytes: 0 });
    expect(await statesOf(publisher)).toEqual(['ok', 'ok', 'ok']);
    await reader.must('get', `${first.share_id}/one.flac`, '-o', join(work, 'got'));

    expect(await publisher.must('unshare', 'music')).toMatchObject({ name: 'music', items: 3, key: 'kept' });
    expect(await publisher.must('shares')).toMatchObject({ shares: [] });
    expect((await reader.run('get', `${first.share_id}/live`, '-o', join(work, 'late'))).ok).toBe(false);
    const again = await publisher.must<Share & { seq: number }>('publish', music(), '--private');
    expect(again).toMatchObject({ share_id: first.share_id, seq: 2, public: false });
    await reader.must('get', `${first.share_id}/live`, '-o', join(work, 'again'));
    expect(await publisher.must('unshare', 'music', '--forget-key')).toMatchObject({ key: 'forgotten' });
    expect((await publisher.must<Share>('publish', music())).share_id).not.toBe(first.share_id);
  }, 120_000);
});

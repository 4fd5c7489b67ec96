import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Node } from './granary-process.ts';
import { testProvider } from './test-provider.ts';

describe('a provider that lies', () => {
  let work: string;
  let reader: Node;
  let provider: Awaited<ReturnType<typeof testProvider>>;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'granary-liars-'));
    reader = await Node.start();
  });
  afterEach(() => provider?.close());
  afterAll(async () => {
    await reader?.remove();
    await rm(work, { recursive: true, force: true });
  });

  test('an honest one first: its file comes whole, its session is plain and unbound', async () => {
    provider = await testProvider(700_000);
    expect(await reader.must('subscribe', provider.link)).toMatchObject({ seq: 1, items: 1, error: null });
    const got = await reader.must<{ files: { path: string }[] }>(
      'get',
      provider.shareId,
      '-o',
      join(work, 'honest'),
    );
    expect(new Uint8Array(await readFile(got.files[0]!.path))).toEqual(provider.bytes);
    const { peers } = await reader.must<{ peers: object[] }>('peers');
    expect(peers).toEqual([expect.objectContaining({ bound: 'none', native: false, direction: 'out' })]);
  });

  test('a corrupt chunk: asked for once more, then exit 6, and nothing gets a name', async () => {
    provider = await testProvider(700_000, {
      chunk(data, index) {
        if (index === 1) data[data.length >> 1]! ^= 1;
        return data;
      },
    });
    await reader.must('subscribe', provider.link);
    const out = join(work, 'corrupt');
    const outcome = await reader.run('get', provider.shareId, '-o', out);
    expect(outcome).toMatchObject({ code: 6, ok: false, error: { code: 'E_CHUNK_CORRUPT' } });
    expect(provider.asked.get(1)).toBe(2);
    // What was right of it is kept for another provider, hidden.
    expect(await readdir(out, { recursive: true })).toEqual([expect.stringMatching(/^\.granary-.*\.part$/)]);
    const { transfers } = await reader.must<{ transfers: { id: string }[] }>('queue');
    await reader.must('cancel', transfers.at(-1)!.id);
    expect(await readdir(out, { recursive: true })).toEqual([]);
  });

  test('a chunk that is corrupt once only: the download ends well', async () => {
    provider = await testProvider(700_000, {
      chunk(data, index, time) {
        if (index === 2 && time === 1) data[0]! ^= 0xff;
        return data;
      },
    });
    await reader.must('subscribe', provider.link);
    const got = await reader.must<{ files: { path: string }[] }>(
      'get',
      provider.shareId,
      '-o',
      join(work, 'once'),
    );
    expect(new Uint8Array(await readFile(got.files[0]!.path))).toEqual(provider.bytes);
  });

  test('a chunk too short or too long is as bad as a wrong one', async () => {
    for (const length of [10, 262_144 + 1]) {
      provider = await testProvider(700_000, {
        chunk: (data, index) => (index === 0 ? new Uint8Array(length) : data),
      });
      await reader.must('subscribe', provider.link);
      const outcome = await reader.run('get', provider.shareId, '-o', join(work, `length-${length}`));
      expect(outcome.ok).toBe(false);
      expect(outcome.code).toBe(6);
      provider.close();
    }
  });

  test('a forged head is not believed', async () => {
    provider = await testProvider(100, { head: (head) => ({ ...head, latestSeq: 99n }) });
    expect(await reader.must('subscribe', provider.link)).toMatchObject({
      seq: null,
      error: { code: 'E_HEAD_INVALID' },
    });
  });

  test('a manifest with another title than the signed one is not believed', async () => {
    provider = await testProvider(100, { manifest: (manifest) => ({ ...manifest, title: 'forged' }) });
    expect(await reader.must('subscribe', provider.link)).toMatchObject({
      seq: null,
      error: { code: 'E_MANIFEST_INVALID' },
    });
  });

  test('after all that the node is whole', async () => {
    const { actors } = await reader.must<{ actors: { state: string; restarts: number }[] }>('stats');
    for (const actor of actors) expect(actor).toMatchObject({ state: 'up', restarts: 0 });
  });
});

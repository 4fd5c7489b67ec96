import { randomBytes } from 'node:crypto';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { contentOf, TestShard, workFolder } from './world.ts';

describe('chunks from one shard to another', () => {
  let work: Awaited<ReturnType<typeof workFolder>>;
  let seeder: TestShard;
  let leecher: TestShard;
  let address: string;
  beforeAll(async () => {
    work = await workFolder();
  });
  afterAll(() => work.remove());
  afterEach(async () => {
    await Promise.all([seeder?.stop(), leecher?.stop()]);
  });

  async function start(config = {}) {
    [seeder, leecher] = await Promise.all([TestShard.start(config), TestShard.start(config)]);
    address = await seeder.listen();
  }

  async function shared(bytes: Uint8Array) {
    const content = contentOf(bytes);
    seeder.share(await work.file(bytes), content.contentId);
    return { ...content, path: await work.file(new Uint8Array(0)) };
  }

  test('files of every size around a chunk arrive whole, over one bound session', async () => {
    await start();
    const sources = [0, 1, 262_143, 262_144, 262_145, 524_288, 3_000_001].map((size) => randomBytes(size));
    const files = [];
    for (const bytes of sources) files.push(await shared(bytes));
    // As long as they will be, which they are from their first chunk on.
    for (const { path, size } of files) await truncate(path, size);
    const events = await leecher.fetch(address, files);
    for (const [index, { path }] of files.entries()) {
      expect(sources[index]!.equals(await readFile(path))).toBe(true);
    }
    const done = events.flatMap((event) => (event.kind === 'file' ? [event] : []));
    expect(done.sort((a, b) => a.index - b.index)).toEqual(
      files.map(({ contentId, size }, index) => ({
        kind: 'file',
        index,
        // The hash of a single chunk is that of its file: nobody needs it said.
        contentId: size > 262_144 ? contentId : null,
      })),
    );
    expect(events.filter(({ kind }) => kind === 'asked')).toHaveLength(1);
    const bytes = events.flatMap((event) => (event.kind === 'progress' ? [event.bytes] : []));
    expect(bytes.reduce((sum, count) => sum + count, 0)).toBe(
      sources.reduce((sum, { length }) => sum + length, 0),
    );
    expect(events.at(-1)?.kind).toBe('spent');
    const [session, ...others] = await leecher.handlers.sessions(null, leecher.call);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ bound: 'tls', native: true, direction: 'out', nodeKey: seeder.nodeKey });
    expect(await seeder.handlers.sessions(null, seeder.call)).toMatchObject([
      { bound: 'tls', native: true, direction: 'in', nodeKey: leecher.nodeKey },
    ]);
  });

  test('of a file, only the chunks that are wanted; every one of them is told once, with the file', async () => {
    await start();
    const bytes = randomBytes(10 * 262_144 + 5);
    const file = await shared(bytes);
    const small = await shared(randomBytes(9));
    const wanted = Uint8Array.of(0b1001_0110, 0b100);
    const none = { ...small, wanted: Uint8Array.of(0) };
    const events = await leecher.fetch(address, [{ ...file, wanted }, none]);
    const told = events.flatMap((event) => (event.kind === 'progress' ? event.written : []));
    const chunks: number[] = [];
    for (let at = 0; at < told.length; at += 3) {
      expect(told[at]).toBe(0);
      for (let i = 0; i < told[at + 2]!; i++) chunks.push(told[at + 1]! + i);
    }
    expect(chunks.sort((a, b) => a - b)).toEqual([1, 2, 4, 7, 10]);
    const got = await readFile(file.path);
    for (const chunk of chunks) {
      const at = chunk * 262_144;
      expect(got.subarray(at, at + 262_144).equals(bytes.subarray(at, at + 262_144))).toBe(true);
    }
    expect(got.subarray(0, 262_144).every((octet) => octet === 0)).toBe(true);
    expect(leecher.metrics.get('chunks_fetched')).toBe(5);
    expect(await work.size(small.path)).toBe(0);
    const kinds = events.map(({ kind }) => kind);
    expect(kinds.lastIndexOf('file')).toBeLessThan(kinds.lastIndexOf('progress'));
  });

  test('a map that is none of this file means all of it', async () => {
    await start();
    const bytes = randomBytes(300_000);
    const file = await shared(bytes);
    await leecher.fetch(address, [{ ...file, wanted: new Uint8Array(5) }]);
    expect(bytes.equals(await readFile(file.path))).toBe(true);
  });

  test('two fetches share the session and its places', async () => {
    await start();
    const a = randomBytes(5_000_000);
    const b = randomBytes(5_000_000);
    const [first, second] = [await shared(a), await shared(b)];
    await Promise.all([leecher.fetch(address, [first]), leecher.fetch(address, [second])]);
    expect(a.equals(await readFile(first.path))).toBe(true);
    expect(b.equals(await readFile(second.path))).toBe(true);
    expect(await leecher.handlers.sessions(null, leecher.call)).toHaveLength(1);
  });

  test('what the peer does not have is an error that names it', async () => {
    await start();
    const content = contentOf(randomBytes(10));
    const path = await work.file(new Uint8Array(0));
    await expect(leecher.fetch(address, [{ ...content, path }])).rejects.toMatchObject({
      code: 'E_PEER_ERROR',
      subject: path,
      message: expect.stringContaining('chunk not found') as string,
    });
  });

  test('a published file that changed is not served, and the store hears of it', async () => {
    await start();
    const bytes = randomBytes(300_000);
    const content = contentOf(bytes);
    const source = await work.file(bytes);
    seeder.share(source, content.contentId);
    await writeFile(source, randomBytes(300_000));
    const path = await work.file(new Uint8Array(0));
    await expect(leecher.fetch(address, [{ ...content, path }])).rejects.toMatchObject({
      code: 'E_PEER_ERROR',
    });
    expect(seeder.gone).toContain(content.contentId);
    expect(await work.size(path)).toBe(0);
  });

  test('wrong hashes: asked for once more, then E_CHUNK_CORRUPT, nothing of it written', async () => {
    await start();
    const file = await shared(randomBytes(600_000));
    const hashes = new Uint8Array(file.hashes);
    hashes[32]! ^= 1;
    const events: string[] = [];
    const stream = leecher.handlers.fetch({ peer: { address }, files: [{ ...file, hashes }] }, leecher.call);
    await expect(
      (async () => {
        for await (const event of stream) events.push(event.kind);
      })(),
    ).rejects.toMatchObject({
      code: 'E_CHUNK_CORRUPT',
      message: expect.stringContaining('chunk 1') as string,
    });
    expect(events.filter((kind) => kind === 'corrupt').length).toBeGreaterThanOrEqual(1);
    expect(leecher.metrics.get('chunks_corrupt')).toBe(2);
  });

  test('leaving early stops the asking, and the session serves the next fetch', async () => {
    await start();
    const big = await shared(randomBytes(20_000_000));
    const abort = new AbortController();
    const stream = leecher.handlers.fetch(
      { peer: { address }, files: [big] },
      leecher.callWith(abort.signal),
    );
    await stream[Symbol.asyncIterator]().next();
    abort.abort(new Error('enough'));
    const small = randomBytes(1000);
    const next = await shared(small);
    await leecher.fetch(address, [next]);
    expect(small.equals(await readFile(next.path))).toBe(true);
    expect(await leecher.handlers.sessions(null, leecher.call)).toHaveLength(1);
  });

  test('a disk without room, or a path that is a link, is the error of the file', async () => {
    await start();
    const file = await shared(randomBytes(100));
    await expect(
      leecher.fetch(address, [{ ...file, path: `${work.root}/no/such/folder` }]),
    ).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
    await expect(leecher.fetch(address, [{ ...file, path: '/dev/full' }])).rejects.toMatchObject({
      code: 'E_NO_SPACE',
    });
  });

  test('no seeder: E_PEER_UNREACHABLE, in good time', async () => {
    await start();
    await seeder.stop();
    await expect(leecher.fetch('tcp://127.0.0.1:1', [await shared(randomBytes(1))])).rejects.toMatchObject({
      code: 'E_PEER_UNREACHABLE',
    });
  });
});

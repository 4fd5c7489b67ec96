import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { granary, Node } from './granary-process.ts';

describe('what goes wrong, goes wrong clearly', () => {
  let work: string;
  let publisher: Node;
  let reader: Node;
  let link: string;
  let file: string;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'granary-refusals-'));
    [publisher, reader] = await Promise.all([Node.start(), Node.start()]);
    file = join(work, 'file.bin');
    await writeFile(file, randomBytes(1_000_000));
    const published = await publisher.must<{ link: string; share_id: string }>('publish', file);
    link = published.link;
  }, 60_000);
  afterAll(async () => {
    await Promise.all([publisher?.remove(), reader?.remove()]);
    await rm(work, { recursive: true, force: true });
  });

  test('no daemon: exit 7 and the line that starts one', async () => {
    const outcome = await granary(join(work, 'nobody-here'), ['subs']);
    expect(outcome).toMatchObject({ code: 7, ok: false, error: { code: 'E_NO_DAEMON' } });
    expect(outcome.error.next).toContain('granary up');
  });

  test('a second node on one folder: exit 4, naming the first', async () => {
    const outcome = await granary(publisher.home, ['up', '--listen', 'tcp://127.0.0.1:0', '--keys', 'plain']);
    expect(outcome).toMatchObject({ code: 4, ok: false, error: { code: 'E_HOME_LOCKED' } });
    expect(outcome.error.message).toContain(String(publisher.child.pid));
    expect(await publisher.must('id')).toMatchObject({ node_key: publisher.ready.node_key });
  });

  test('a node killed in an instant leaves a folder that starts', async () => {
    let node = await Node.start();
    await node.must('publish', file);
    await node.kill('SIGKILL');
    expect(await granary(node.home, ['subs'])).toMatchObject({ code: 7, error: { code: 'E_NO_DAEMON' } });
    node = await Node.start({ home: node.home });
    expect(await node.must('shares')).toMatchObject({ shares: [{ seq: 1, items: 1 }] });
    await node.remove();
  });

  test.each([
    ['no link at all', 'hello'],
    ['another scheme', 'https://example.org/s/abc'],
    ['cut short', 'scp2p://s/AAAA'],
    ['a share id that is not the key’s', `scp2p://s/${Buffer.alloc(64, 7).toString('base64url')}`],
  ])('a bad link (%s): exit 2', async (_, bad) => {
    expect(await reader.run('subscribe', bad)).toMatchObject({
      code: 2,
      ok: false,
      error: { code: 'E_LINK_INVALID' },
    });
  });

  test('a wrong pin in a link: nothing is taken from the node that answers', async () => {
    const [path, query] = link.split('?bp=') as [string, string];
    const wrong = decodeURIComponent(query).replace(publisher.ready.node_key, 'ab'.repeat(32));
    const outcome = await reader.run<{ seq: null; items: number; error: { code: string } }>(
      'subscribe',
      `${path}?bp=${encodeURIComponent(wrong)}`,
    );
    expect(outcome).toMatchObject({
      code: 0,
      result: { seq: null, items: 0, error: { code: 'E_PEER_IDENTITY' } },
    });
    expect(await reader.must('sync')).toMatchObject({
      shares: [{ seq_after: null, error: { code: 'E_PEER_IDENTITY' } }],
    });
    // The link of the true publisher mends it.
    expect(await reader.must('subscribe', link)).toMatchObject({ seq: 1, items: 1, error: null });
  });

  test('a bad configuration: exit 2 with the nearest known name', async () => {
    const home = join(work, 'misconfigured');
    const config = join(work, 'config.toml');
    await writeFile(config, '[network]\nlissten = ["tcp://127.0.0.1:0"]\n');
    const outcome = await granary(home, ['up', '--config', config]);
    expect(outcome).toMatchObject({ code: 2, ok: false, error: { code: 'E_CONFIG' } });
    expect(outcome.error.message).toContain('listen');
  });

  test('a port that is taken: exit 4, and no half a node stays', async () => {
    const port = /:(\d+)$/.exec(publisher.address)![1];
    const outcome = await granary(join(work, 'taken'), [
      'up',
      '--listen',
      `tcp://127.0.0.1:${port}`,
      '--keys',
      'plain',
    ]);
    expect(outcome).toMatchObject({ code: 4, ok: false, error: { code: 'E_LISTEN' } });
  });

  test('a silent TCP client costs nobody anything', async () => {
    const port = Number(/:(\d+)$/.exec(publisher.address)![1]);
    const silent = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    try {
      const fresh = await Node.start();
      const from = performance.now();
      expect(await fresh.must('subscribe', link)).toMatchObject({ seq: 1 });
      expect(performance.now() - from).toBeLessThan(5_000);
      await fresh.remove();
    } finally {
      for (const socket of silent) socket.destroy();
    }
  });

  test('a provider whose file changed under it: exit 6 or 3, and no file with a final name', async () => {
    const damaged = join(work, 'damaged.bin');
    await writeFile(damaged, randomBytes(800_000));
    const { link: other, share_id } = await publisher.must<{ link: string; share_id: string }>(
      'publish',
      damaged,
    );
    expect(await reader.must('subscribe', other)).toMatchObject({ seq: 1 });
    await publisher.must('get', share_id, '-o', join(work, 'unused')).catch(() => {});
    const handle = await open(damaged, 'r+');
    await handle.write(Buffer.from('different'), 0, 9, 300_000);
    await handle.close();
    const out = join(work, 'out');
    const outcome = await reader.run('get', share_id, '-o', out);
    expect(outcome.ok).toBe(false);
    expect(await readdir(out).catch(() => [])).toEqual([]);
  });

  test('what nobody knows: exit 3', async () => {
    expect(await reader.run('get', 'ab'.repeat(32), '-o', join(work, 'x'))).toMatchObject({
      code: 3,
      error: { code: 'E_NOT_FOUND' },
    });
    expect(await reader.run('items', 'cd'.repeat(32))).toMatchObject({
      code: 3,
      error: { code: 'E_NOT_FOUND' },
    });
    expect(await publisher.run('publish', join(work, 'not-there'))).toMatchObject({ ok: false });
  });

  test('usage errors: exit 2, and still one last line', async () => {
    expect(await reader.run('frobnicate')).toMatchObject({ code: 2, ok: false, error: { code: 'E_USAGE' } });
    expect(await reader.run('get')).toMatchObject({ code: 2, ok: false, error: { code: 'E_USAGE' } });
  });

  test('a provider that is gone: a clear error, not a wait', async () => {
    const short = await Node.start();
    const only = join(work, 'only.bin');
    await writeFile(only, randomBytes(300_000));
    const { link: gone, share_id } = await short.must<{ link: string; share_id: string }>(
      'publish',
      only,
      '--share',
      'gone',
    );
    await reader.must('subscribe', gone);
    await short.remove();
    const outcome = await reader.run('get', share_id, '-o', join(work, 'gone'));
    expect(outcome.ok).toBe(false);
    expect(['E_NO_PROVIDER', 'E_PEER_UNREACHABLE']).toContain(outcome.error.code);
  });
});

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { granary, Node } from './granary-process.ts';

describe('keys and backups, with real processes', () => {
  let work: string;
  let nodes: Node[];
  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'granary-e2e-keys-'));
    nodes = [];
    await mkdir(join(work, 'music'));
    await writeFile(join(work, 'music', 'one.flac'), Buffer.alloc(300_000, 1));
  });
  afterEach(async () => {
    for (const node of nodes) await node.remove();
    await rm(work, { recursive: true, force: true });
  });
  const start = async (options: Parameters<typeof Node.start>[0] = {}) => {
    const node = await Node.start(options);
    nodes.push(node);
    return node;
  };

  test('backup, more revisions, loss of the folder, restore: subscribers get the next revision', async () => {
    const publisher = await start();
    const reader = await start();
    const { link, share_id } = await publisher.must<{ link: string; share_id: string }>(
      'publish',
      join(work, 'music'),
    );
    const made = await publisher.must<{ file: string; keys: string }>('backup', work);
    expect(statSync(made.file).mode & 0o777).toBe(0o600);
    for (const name of ['two', 'three']) {
      await writeFile(join(work, 'music', name), name);
      await publisher.must('publish', join(work, 'music'));
    }
    await reader.must('subscribe', link);
    await publisher.kill();
    await rm(publisher.home, { recursive: true });

    const home = join(work, 'restored');
    const plain = { env: { GRANARY_STORE_KEYS: 'plain' } };
    const restored = await granary<{ node_key: string; shares: number }>(home, ['restore', made.file], plain);
    expect(restored).toMatchObject({ code: 0, result: { node_key: publisher.ready.node_key, shares: 1 } });
    expect(await granary(home, ['restore', made.file], plain)).toMatchObject({ code: 2 });
    const again = await start({ home, args: ['--listen', publisher.address] });
    expect(again.ready.node_key).toBe(publisher.ready.node_key);
    const next = await again.must<{ seq: number; share_id: string }>('publish', join(work, 'music'));
    expect(next.share_id).toBe(share_id);
    expect(next.seq).toBeGreaterThan(3);
    const { shares } = await reader.must<{ shares: { seq_after: number; error: unknown }[] }>('sync');
    expect(shares).toMatchObject([{ seq_after: next.seq, error: null }]);
  }, 90_000);

  test('a backup of a node that does not run is the same', async () => {
    const node = await start();
    await node.must('publish', join(work, 'music'));
    await node.kill();
    const made = await granary<{ file: string; files: number }>(node.home, ['backup', join(work, 'b.db')], {
      env: { GRANARY_STORE_KEYS: 'plain' },
    });
    expect(made).toMatchObject({ code: 0, result: { file: join(work, 'b.db') } });
    // The node's key and certificate, the share's key, its manifest, its hash list.
    expect(made.result.files).toBe(5);
  }, 60_000);

  test('the key of a share moves to another node, which publishes on above the first', async () => {
    const [one, two] = [await start(), await start()];
    const { link, share_id } = await one.must<{ link: string; share_id: string }>(
      'publish',
      join(work, 'music'),
    );
    await writeFile(join(work, 'music', 'two.flac'), 'two');
    await one.must('publish', join(work, 'music'));
    const key = join(work, 'music.key');
    const env = { GRANARY_KEY_PASSPHRASE: 'between nodes' };
    expect(await granary(one.home, ['keys', 'export', 'music', key], { env })).toMatchObject({ code: 0 });
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(await granary(one.home, ['keys', 'export', 'music', key], { env })).toMatchObject({ code: 2 });
    const wrong = { env: { GRANARY_KEY_PASSPHRASE: 'something else' } };
    expect(await granary(two.home, ['keys', 'import', key], wrong)).toMatchObject({
      code: 4,
      error: { code: 'E_PASSPHRASE' },
    });
    const imported = await granary<{ share_id: string; name: string }>(two.home, ['keys', 'import', key], {
      env,
    });
    expect(imported.result).toMatchObject({ share_id, name: 'music' });
    await two.must('connect', one.address);
    const published = await two.must<{ share_id: string; seq: number }>('publish', join(work, 'music'));
    expect(published).toMatchObject({ share_id, seq: 3 });
    expect(link).toContain('scp2p://s/');
  }, 90_000);

  test('a node under a passphrase: from the environment, from a file, wrong, changed', async () => {
    const home = join(work, 'home');
    const word = join(work, 'word');
    await writeFile(word, 'correct horse\n', { mode: 0o600 });
    const under = ['--keys', 'passphrase', '--set', `store.passphrase_file=${word}`];
    const node = await start({ home, args: under });
    await node.must('stop');
    await node.kill('SIGTERM');
    expect(readdirSync(join(home, 'keys'))).toContain('node.locked');
    const locked = { GRANARY_STORE_KEYS: 'passphrase' };
    const reseal = (env: Record<string, string>) =>
      granary(home, ['keys', 'reseal'], { env: { ...locked, ...env } });
    expect(await reseal({ GRANARY_PASSPHRASE: 'no horse', GRANARY_NEW_PASSPHRASE: 'x' })).toMatchObject({
      code: 4,
      error: { code: 'E_PASSPHRASE' },
    });
    expect(await reseal({})).toMatchObject({ code: 4, error: { code: 'E_PASSPHRASE' } });
    const changed = { GRANARY_PASSPHRASE: 'correct horse', GRANARY_NEW_PASSPHRASE: 'battery staple' };
    expect(await reseal(changed)).toMatchObject({ code: 0, result: { keys: 1 } });
    await expect(Node.start({ home, args: under })).rejects.toThrow('E_PASSPHRASE');
    await writeFile(word, 'battery staple\n');
    const again = await start({ home, args: under });
    expect(again.ready.node_key).toBe(node.ready.node_key);
    // Said on no line of the log and kept in no file of the folder.
    for (const name of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
      const path = join(home, name);
      if (existsSync(path) && statSync(path).isFile())
        expect(readFileSync(path).includes('staple')).toBe(false);
    }
  }, 90_000);
});

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { damage } from './damage.ts';
import { item, revision } from './objects.ts';
import { Life, type LifeOptions, Place } from './world.ts';

describe('keys under a passphrase', () => {
  let place: Place;
  beforeEach(async () => {
    place = await Place.make();
  });
  afterEach(() => place.remove());

  const WORD = { keys: 'passphrase', passphrase: 'correct horse' } as const;
  const at = (...parts: string[]) => join(place.home, ...parts);
  const during = async <T>(work: (life: Life) => Promise<T>, options: LifeOptions = WORD): Promise<T> => {
    const life = await Life.start(place, options);
    try {
      return await work(life);
    } finally {
      await life.stop();
    }
  };
  const nodeKey = (options?: LifeOptions) =>
    during(async (life) => (await life.ask('identity', null)).nodeKey, options);
  const publish = (options?: LifeOptions) =>
    during(async (life) => {
      const { shareId } = await life.ask('openShare', { name: 'mine' });
      return await life.ask('commitRevision', revision(shareId, [item(1)]));
    }, options);
  const forms = () =>
    readdirSync(at('keys'))
      .filter((name) => /^(node|share-.*)\.(?!crt)/.test(name))
      .map((name) => name.split('.')[1]);

  test('the same node every time, without a key file; the file says how it was stretched, not what', async () => {
    const first = await nodeKey();
    await publish();
    expect(await nodeKey()).toBe(first);
    expect(existsSync(place.keyfile)).toBe(false);
    expect(forms()).toEqual(['locked', 'locked']);
    const file = JSON.parse(readFileSync(at('keys', 'passphrase.json'), 'utf8'));
    expect(file).toMatchObject({
      version: 1,
      kdf: 'argon2id',
      memory_kib: 65_536,
      passes: 3,
      parallelism: 1,
    });
    expect(JSON.stringify(file)).not.toContain('horse');
    expect(statSync(at('keys', 'passphrase.json')).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['wrong', { ...WORD, passphrase: 'Correct horse' }],
    ['missing', { ...WORD, passphrase: '' }],
  ])('%s: E_PASSPHRASE, and nothing changes', async (_, options) => {
    const first = await nodeKey();
    await expect(nodeKey(options)).rejects.toMatchObject({ code: 'E_PASSPHRASE' });
    expect(await nodeKey()).toBe(first);
  });

  test('a new folder without one is not begun', async () => {
    await expect(nodeKey({ keys: 'passphrase' })).rejects.toMatchObject({ code: 'E_PASSPHRASE' });
    expect(forms()).toEqual([]);
  });

  test('an accent is the same however the keyboard made it', async () => {
    const first = await nodeKey({ ...WORD, passphrase: 'caf\u00e9' });
    expect(await nodeKey({ ...WORD, passphrase: 'cafe\u0301' })).toBe(first);
  });

  test('from a key file to a passphrase and to plain, and back: the keys stay, the old seal goes', async () => {
    const first = await nodeKey({});
    await publish({});
    expect(await nodeKey()).toBe(first);
    expect(forms()).toEqual(['locked', 'locked']);
    expect(await nodeKey({ keys: 'plain', passphrase: WORD.passphrase })).toBe(first);
    expect(forms()).toEqual(['plain', 'plain']);
    expect(existsSync(at('keys', 'passphrase.json'))).toBe(false);
    expect(await nodeKey()).toBe(first);
    expect(await nodeKey({ passphrase: WORD.passphrase })).toBe(first);
    expect(forms()).toEqual(['sealed', 'sealed']);
    expect(await publish({})).toMatchObject({ seq: 1, changed: false });
  });

  test.each([
    ['gone', () => rmSync(at('keys', 'passphrase.json')), 'E_HOME_UNUSABLE'],
    ['cut short', () => writeFileSync(at('keys', 'passphrase.json'), '{"version":1'), 'E_HOME_UNUSABLE'],
    ['empty', () => writeFileSync(at('keys', 'passphrase.json'), ''), 'E_HOME_UNUSABLE'],
    ['of a folder', () => damage(at('keys', 'node.locked')), 'E_HOME_UNUSABLE'],
    [
      'one that would take all memory',
      () => {
        const path = at('keys', 'passphrase.json');
        const file = { ...JSON.parse(readFileSync(path, 'utf8')), memory_kib: 2 ** 40 };
        writeFileSync(path, JSON.stringify(file));
      },
      'E_HOME_UNUSABLE',
    ],
    [
      'altered',
      () => {
        const path = at('keys', 'passphrase.json');
        const file = JSON.parse(readFileSync(path, 'utf8'));
        writeFileSync(path, JSON.stringify({ ...file, salt: '00'.repeat(16) }));
      },
      'E_PASSPHRASE',
    ],
  ])('a file that is %s: a clear error, never a new key', async (_, spoil, code) => {
    await nodeKey();
    await spoil();
    await expect(nodeKey()).rejects.toMatchObject({ code });
    expect(forms()).toEqual(['locked']);
  });

  describe('sealed anew', () => {
    test('under a new passphrase: the old one opens nothing any more', async () => {
      const first = await nodeKey();
      await publish();
      const before = readFileSync(at('keys', 'node.locked'));
      expect(await during((life) => life.ask('reseal', { passphrase: 'battery staple' }))).toEqual({
        keys: 2,
      });
      expect(readFileSync(at('keys', 'node.locked'))).not.toEqual(before);
      const changed = { ...WORD, passphrase: 'battery staple' };
      expect(await nodeKey(changed)).toBe(first);
      expect(await publish(changed)).toMatchObject({ seq: 1, changed: false });
      await expect(nodeKey()).rejects.toMatchObject({ code: 'E_PASSPHRASE' });
      // A key that was sealed before does not open with what seals now.
      writeFileSync(at('keys', 'node.locked'), before);
      await expect(nodeKey(changed)).rejects.toMatchObject({ code: 'E_HOME_UNUSABLE' });
    });

    test('cut off anywhere, the next start finishes it', async () => {
      const first = await nodeKey();
      await publish();
      const kept = ['node.locked', readdirSync(at('keys')).find((name) => name.startsWith('share-'))!];
      const before = kept.map((name) => readFileSync(at('keys', name)));
      const copy = await Place.make();
      const life = await Life.start(place, WORD);
      // The state between the two versions of the passphrase file, with one key done and one not.
      const both = readFileSync(at('keys', 'passphrase.json'));
      await life.ask('reseal', { passphrase: 'battery staple' });
      await life.stop();
      expect(readFileSync(at('keys', 'passphrase.json'))).not.toEqual(both);
      cpSync(place.root, copy.root, { recursive: true });
      try {
        const passphrase = { ...WORD, passphrase: 'battery staple' };
        const { readPassphraseFile, writePassphraseFile } = await import(
          '../../../src/actors/store/passphrase-file.ts'
        );
        const [now] = (await readPassphraseFile(at('keys', 'passphrase.json'), passphrase.passphrase))!;
        const old = join(copy.root, 'old.json');
        writeFileSync(old, both);
        const [then] = (await readPassphraseFile(old, WORD.passphrase))!;
        await writePassphraseFile(at('keys', 'passphrase.json'), passphrase.passphrase, [now!, then!]);
        writeFileSync(at('keys', kept[0]!), before[0]!);
        expect(await nodeKey(passphrase)).toBe(first);
        expect(readFileSync(at('keys', kept[0]!))).not.toEqual(before[0]);
        expect(await readPassphraseFile(at('keys', 'passphrase.json'), passphrase.passphrase)).toHaveLength(
          1,
        );
        expect(await publish(passphrase)).toMatchObject({ seq: 1, changed: false });
      } finally {
        await copy.remove();
      }
    });

    test('under a new first key of the key file; the older ones stay for other folders', async () => {
      const first = await nodeKey({});
      const before = readFileSync(at('keys', 'node.sealed'));
      const [old] = readFileSync(place.keyfile, 'latin1').split('\n');
      expect(await during((life) => life.ask('reseal', { passphrase: null }), {})).toEqual({ keys: 1 });
      expect(readFileSync(place.keyfile, 'latin1').trim().split('\n')).toEqual([
        expect.stringMatching(/^[0-9a-f]{64}$/),
        old,
      ]);
      expect(readFileSync(at('keys', 'node.sealed'))).not.toEqual(before);
      expect(await nodeKey({})).toBe(first);
      // Another folder, or this one cut off in between, is brought up by its next start.
      writeFileSync(at('keys', 'node.sealed'), before);
      expect(await nodeKey({})).toBe(first);
      expect(readFileSync(at('keys', 'node.sealed'))).not.toEqual(before);
      // The first line alone opens everything now.
      writeFileSync(place.keyfile, `${readFileSync(place.keyfile, 'latin1').split('\n')[0]}\n`);
      expect(await nodeKey({})).toBe(first);
    });

    test('plain keys are not', async () => {
      const plain = { keys: 'plain' } as const;
      await expect(during((life) => life.ask('reseal', { passphrase: 'x' }), plain)).rejects.toMatchObject({
        code: 'E_USAGE',
      });
    });
  });
});

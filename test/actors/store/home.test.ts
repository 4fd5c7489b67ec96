import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '../../../src/actors/store/database.ts';
import { MIGRATIONS } from '../../../src/actors/store/migrations.ts';
import { findHead } from './ask-wire.ts';
import { content, item, key, published, revision, subscription } from './objects.ts';
import { Life, Place } from './world.ts';

describe('the data folder', () => {
  let place: Place;
  let lives: Life[];
  beforeEach(async () => {
    place = await Place.make();
    lives = [];
  });
  afterEach(async () => {
    for (const life of lives) await life.stop();
    await place.remove();
  });

  const start = async (options = {}, at = place) => {
    const life = await Life.start(at, options);
    lives.push(life);
    return life;
  };
  const stop = async (life: Life) => {
    lives.splice(lives.indexOf(life), 1);
    await life.stop();
  };
  const at = (...parts: string[]) => join(place.home, ...parts);
  const fill = async (life: Life) => {
    const { shareId } = await life.ask('openShare', { name: 'mine' });
    await life.ask('putHashLists', [{ contentId: item(1).contentId, hashes: content(1).hashes }]);
    await life.ask('commitRevision', revision(shareId, [item(1)]));
    await life.ask('subscribe', subscription(key(5)));
    await life.ask('commitManifest', published(key(5), 1).offer);
    return shareId;
  };
  const state = async (life: Life) => [
    await life.ask('ownShares', null),
    await life.ask('subscriptions', null),
    await life.ask('lease', { contentId: item(1).contentId }),
    await life.ask('hashList', { contentId: item(1).contentId }),
  ];

  test('is made for its owner alone, with everything in it', async () => {
    await start();
    for (const [name, mode] of [
      ['.', 0o700],
      ['keys', 0o700],
      ['run', 0o700],
      ['state.db', 0o600],
      ['lock.db', 0o600],
    ] as const) {
      expect(statSync(at(name)).mode & 0o777).toBe(mode);
    }
    expect(readdirSync(place.home).sort()).toEqual(
      expect.arrayContaining(['VERSION', 'hashes', 'keys', 'lock.db', 'manifests', 'segments', 'state.db']),
    );
    expect(readFileSync(at('VERSION'), 'latin1')).toBe(`${MIGRATIONS.length}\n`);
  });

  test('a second store on it is refused, naming the process of the first; a stop makes room', async () => {
    const first = await start();
    await expect(Life.start(place)).rejects.toMatchObject({
      code: 'E_HOME_LOCKED',
      message: expect.stringContaining(`process ${process.pid}`),
      subject: expect.stringContaining('home'),
    });
    expect(await first.ask('ownShares', null)).toEqual([]);
    await stop(first);
    await start();
  });

  test('a start that fails leaves it free', async () => {
    await stop(await start());
    writeFileSync(at('VERSION'), '99\n');
    await expect(Life.start(place)).rejects.toMatchObject({ code: 'E_HOME_NEWER' });
    writeFileSync(at('VERSION'), '1\n');
    await start();
  });

  test('two folders are two nodes', async () => {
    const other = await Place.make();
    try {
      const [a, b] = [await start(), await start({}, other)];
      const [one, two] = [await a.ask('identity', null), await b.ask('identity', null)];
      expect(one.nodeKey).not.toBe(two.nodeKey);
      await stop(b);
    } finally {
      await other.remove();
    }
  });

  test('a clean stop leaves one file of state, no mark and no lock', async () => {
    const life = await start();
    await fill(life);
    expect(existsSync(at('state.running'))).toBe(true);
    await stop(life);
    for (const name of ['state.running', 'lock.pid', 'state.db-wal', 'state.db-shm']) {
      expect([name, existsSync(at(name))]).toEqual([name, false]);
    }
    expect((await start()).said('the last stop was not a clean one: state.db is checked')).toEqual([]);
  });

  test('what a power cut leaves starts, checked, with everything that was answered', async () => {
    const life = await start();
    const shareId = await fill(life);
    const before = await state(life);
    // The files as they lie there in this moment, journal and all.
    const left = await Place.make();
    try {
      cpSync(place.root, left.root, { recursive: true });
      const orphan = 'ab'.repeat(32);
      writeFileSync(join(left.home, 'manifests', orphan), 'of a revision that was never committed');
      writeFileSync(join(left.home, 'manifests', `${orphan}.unfinished-0123`), 'half');
      writeFileSync(join(left.home, 'hashes', `${orphan}.unfinished-0123`), 'half');
      writeFileSync(join(left.home, 'keys', 'node.sealed.unfinished-0123'), 'half');
      writeFileSync(join(left.home, 'VERSION.unfinished-0123'), '');
      const next = await start({}, left);
      expect(next.said('the last stop was not a clean one: state.db is checked')).toHaveLength(1);
      expect(await state(next)).toEqual(before);
      expect(await findHead(next, shareId)).not.toBeNull();
      await next.settled();
      const names = readdirSync(left.home, { recursive: true, encoding: 'utf8' });
      expect(names.filter((name) => name.includes(orphan) || name.includes('unfinished'))).toEqual([]);
      expect(readdirSync(join(left.home, 'manifests'))).toHaveLength(2);
      await stop(next);
    } finally {
      await left.remove();
    }
  });

  test.each([
    ['no database', () => Buffer.from('this is no database, whatever its name says'.repeat(100)), false],
    [
      'a damaged page, after an unclean stop',
      (old: Buffer) => Buffer.from(old).fill(0x5a, 4096 * 2, 4096 * 12),
      true,
    ],
  ])('%s: a clear error', async (_, change, unclean) => {
    const life = await start();
    await fill(life);
    await stop(life);
    writeFileSync(at('state.db'), change(readFileSync(at('state.db'))));
    if (unclean) writeFileSync(at('state.running'), '1\n');
    await expect(Life.start(place)).rejects.toMatchObject({
      code: 'E_HOME_UNUSABLE',
      subject: expect.stringMatching(/state\.db$/),
      next: expect.stringContaining('backup'),
    });
  });

  test('a lock file that is no lock: a clear error', async () => {
    await stop(await start());
    writeFileSync(at('lock.db'), 'this is no database, whatever its name says'.repeat(100));
    await expect(Life.start(place)).rejects.toMatchObject({ code: 'E_HOME_UNUSABLE' });
  });

  test('a file in the place of the folder: a clear error', async () => {
    await writeFile(place.home, '');
    await expect(Life.start(place)).rejects.toMatchObject({ code: 'E_HOME_UNUSABLE', subject: place.home });
  });

  test.each([true, false])(
    'a manifest that cannot be written is an answer, not a crash; nothing is committed (a file in the way: %s)',
    async (inTheWay) => {
      const life = await start();
      const shareId = await fill(life);
      const before = await state(life);
      rmSync(at('manifests'), { recursive: true });
      if (inTheWay) writeFileSync(at('manifests'), '');
      await expect(life.ask('commitRevision', revision(shareId, [item(2)]))).rejects.toMatchObject({
        code: 'E_IO',
        subject: expect.stringContaining('home'),
      });
      expect(await state(life)).toEqual(before);
      rmSync(at('manifests'), { force: true });
      await mkdir(at('manifests'));
      expect(await life.ask('commitRevision', revision(shareId, [item(2)]))).toMatchObject({ seq: 2 });
    },
  );

  test('a stop waits for the message that runs and refuses those behind it', async () => {
    const life = await start();
    const { shareId } = await life.ask('openShare', { name: 'mine' });
    const running = life.ask('commitRevision', revision(shareId, [item(1)]));
    const behind = life.ask('commitRevision', revision(shareId, [item(2)]));
    const refused = expect(behind).rejects.toMatchObject({ code: 'E_ABORTED' });
    // Its turn has begun.
    await null;
    await stop(life);
    expect(await running).toMatchObject({ seq: 1 });
    await refused;
    expect(await (await start()).ask('ownShares', null)).toMatchObject([{ seq: 1 }]);
  });

  describe('of another version', () => {
    const newer = [
      ...MIGRATIONS,
      'CREATE TABLE later (x INTEGER) STRICT; ALTER TABLE peers ADD COLUMN met INTEGER',
    ];

    test('newer by its file or by its database: refused, and untouched', async () => {
      await stop(await start({ steps: newer }));
      const files = () => ['VERSION', 'state.db'].map((name) => readFileSync(at(name)));
      const before = files();
      const refusal = { code: 'E_HOME_NEWER', message: expect.stringContaining(`version ${newer.length}`) };
      await expect(Life.start(place)).rejects.toMatchObject(refusal);
      expect(files()).toEqual(before);
      writeFileSync(at('VERSION'), `${MIGRATIONS.length}\n`);
      await expect(Life.start(place)).rejects.toMatchObject(refusal);
    });

    test.each(['', 'one', '0', '-1', '1.5'])('a VERSION of %j: a clear error', async (text) => {
      await stop(await start());
      writeFileSync(at('VERSION'), text);
      await expect(Life.start(place)).rejects.toMatchObject({ code: 'E_HOME_UNUSABLE' });
    });

    test('older: copied, then brought up, with everything in it', async () => {
      const old = await start();
      await fill(old);
      const before = await state(old);
      await stop(old);
      const life = await start({ steps: newer });
      expect(await state(life)).toEqual(before);
      expect(readFileSync(at('VERSION'), 'latin1')).toBe(`${newer.length}\n`);
      await stop(life);

      const copy = new Database(at(`state.db.v${MIGRATIONS.length}`));
      expect(copy.get('PRAGMA user_version')).toEqual({ user_version: MIGRATIONS.length });
      expect(copy.get('SELECT count(*) AS n FROM own_shares')).toEqual({ n: 1 });
      expect(copy.all("SELECT 1 FROM sqlite_schema WHERE name = 'later'")).toEqual([]);
      copy.close();
      expect(statSync(at(`state.db.v${MIGRATIONS.length}`)).mode & 0o777).toBe(0o600);
      // Once there, nothing is copied again.
      rmSync(at(`state.db.v${MIGRATIONS.length}`));
      await stop(await start({ steps: newer }));
      expect(existsSync(at(`state.db.v${MIGRATIONS.length}`))).toBe(false);
    });

    test('a step that fails changes nothing, and the copy is there', async () => {
      const old = await start();
      await fill(old);
      const before = await state(old);
      await stop(old);
      await expect(
        Life.start(place, { steps: [...newer, 'CREATE TABLE peers (x INTEGER)'] }),
      ).rejects.toThrow();
      expect(readFileSync(at('VERSION'), 'latin1')).toBe(`${MIGRATIONS.length}\n`);
      expect(existsSync(at(`state.db.v${MIGRATIONS.length}`))).toBe(true);
      expect(await state(await start())).toEqual(before);
    });

    test('cut off between the steps and the new VERSION: the next start writes it', async () => {
      await stop(await start({ steps: newer }));
      writeFileSync(at('VERSION'), `${MIGRATIONS.length}\n`);
      await stop(await start({ steps: newer }));
      expect(readFileSync(at('VERSION'), 'latin1')).toBe(`${newer.length}\n`);
    });
  });
});

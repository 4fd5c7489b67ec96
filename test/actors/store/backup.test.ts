import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { backupName, madeAt } from '../../../src/actors/store/backups.ts';
import { Database } from '../../../src/actors/store/database.ts';
import { content, item, key, published, revision, subscription } from './objects.ts';
import { Life, type LifeOptions, NOW, Place } from './world.ts';

const DAY = 86_400_000;

describe('backups', () => {
  let place: Place;
  let again: Place;
  let lives: Life[];
  beforeEach(async () => {
    place = await Place.make();
    again = await Place.make();
    lives = [];
  });
  afterEach(async () => {
    for (const life of lives) await life.stop();
    await place.remove();
    await again.remove();
  });

  const start = async (options: LifeOptions = {}, at = place) => {
    const life = await Life.start(at, { keyfile: place.keyfile, ...options });
    lives.push(life);
    return life;
  };
  const stop = async (life: Life) => {
    lives.splice(lives.indexOf(life), 1);
    await life.stop();
  };
  const fill = async (life: Life) => {
    const { shareId } = await life.ask('openShare', { name: 'mine' });
    await life.ask('putHashLists', [{ contentId: item(1).contentId, hashes: content(1).hashes }]);
    await life.ask('commitRevision', revision(shareId, [item(1)]));
    await life.ask('subscribe', subscription(key(5)));
    await life.ask('commitManifest', published(key(5), 1).offer);
    return shareId;
  };
  const state = async (life: Life) => [
    (await life.ask('identity', null)).nodeKey,
    (await life.ask('ownShares', null)).map(({ unsure: _, ...share }) => share),
    await life.ask('subscriptions', null),
    await life.ask('lease', { contentId: item(1).contentId }),
    await life.ask('hashList', { contentId: item(1).contentId }),
  ];
  const file = () => join(place.root, 'backup.db');

  test('a restored node is the node it was: keys, shares, subscriptions, leases, hash lists, settings', async () => {
    const life = await start();
    writeFileSync(join(place.home, 'config.toml'), '[node]\nlog_level = "warn"\n');
    await fill(life);
    const before = await state(life);
    const made = await life.backup(file());
    expect(made).toMatchObject({ file: file(), bytes: statSync(file()).size, keys: 'keyfile' });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    await stop(life);

    const restored = await start({ restore: file() }, again);
    expect(await state(restored)).toEqual(before);
    expect(readFileSync(join(again.home, 'config.toml'), 'utf8')).toContain('warn');
    await stop(restored);
    // From here on it is a data folder like any other.
    expect(await state(await start({}, again))).toEqual(before);
    const tables = new Database(join(again.home, 'state.db'));
    expect(tables.all("SELECT 1 FROM sqlite_schema WHERE name LIKE 'granary%'")).toEqual([]);
    tables.close();
  });

  test('what is done after the backup was ordered does not disturb it; the writer does not wait', async () => {
    const life = await start();
    const shareId = await fill(life);
    const making = life.backup(file());
    for (let i = 2; i < 12; i++) await life.ask('commitRevision', revision(shareId, [item(i)]));
    await making;
    await stop(life);
    const restored = await start({ restore: file() }, again);
    const [share] = await restored.ask('ownShares', null);
    expect(share!.seq).toBeGreaterThanOrEqual(1);
    expect(await restored.ask('items', { share: shareId, cursor: 0, limit: 10 })).toMatchObject({
      next: null,
    });
  });

  test('the next revision of a restored share is above all that may have been signed since', async () => {
    const life = await start();
    const shareId = await fill(life);
    await life.backup(file());
    let last = 0;
    for (let i = 0; i < 20; i++) {
      ({ seq: last } = await life.ask('commitRevision', revision(shareId, [item(2 + i)])));
    }
    await stop(life);
    const restored = await start({ restore: file() }, again);
    expect(await restored.ask('ownShares', null)).toMatchObject([{ seq: 1, unsure: true }]);
    // Also when nothing changed: what subscribers hold is newer than what this node has.
    const next = await restored.ask('commitRevision', revision(shareId, [item(1)]));
    expect(next.seq).toBeGreaterThan(last);
    expect(next.changed).toBe(true);
    expect(await restored.ask('ownShares', null)).toMatchObject([{ unsure: false }]);
    const after = await restored.ask('commitRevision', revision(shareId, [item(2)]));
    expect(after.seq).toBe(next.seq + 1);
  });

  test('a year later, with a revision each second', async () => {
    const life = await start();
    const shareId = await fill(life);
    await life.backup(file());
    await stop(life);
    const backup = new Database(file());
    const year = 365 * 86_400;
    backup.run("UPDATE granary_backup SET value = ? WHERE name = 'made_at'", String(NOW - year));
    backup.close();
    const restored = await start({ restore: file() }, again);
    expect((await restored.ask('commitRevision', revision(shareId, [item(1)]))).seq).toBeGreaterThan(year);
  });

  test('what others have seen counts, too', async () => {
    const life = await start();
    const shareId = await fill(life);
    await life.backup(file());
    await stop(life);
    const restored = await start({ restore: file() }, again);
    const next = { ...revision(shareId, [item(1)]), seenSeq: 5_000_000 };
    expect(await restored.ask('commitRevision', next)).toMatchObject({ seq: 5_000_001 });
  });

  test('without hash lists the files are hashed again', async () => {
    const life = await start();
    const shareId = await fill(life);
    await life.backup(file(), false);
    await stop(life);
    const restored = await start({ restore: file() }, again);
    expect(await restored.ask('hashList', { contentId: item(1).contentId })).toBeNull();
    expect(await restored.ask('sourcesOf', { shareId })).toEqual([
      expect.objectContaining({ hashed: false }),
    ]);
  });

  test('a folder as the target gives the backup a name; one that is taken is refused', async () => {
    const life = await start();
    const folder = join(place.root, 'backups');
    mkdirSync(folder);
    expect((await life.backup(folder)).file).toBe(join(folder, 'granary-backup-2023-11-14T22-13-20Z.db'));
    await expect(life.backup(folder)).rejects.toMatchObject({ code: 'E_PATH_INVALID' });
    await expect(life.backup('relative.db')).rejects.toMatchObject({ code: 'E_PATH_INVALID' });
    await expect(life.backup(join(place.root, 'no', 'folder.db'))).rejects.toMatchObject({ code: 'E_IO' });
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test('keys under a passphrase, and plain ones, are restored as they were', async () => {
    for (const options of [{ keys: 'plain' }, { keys: 'passphrase', passphrase: 'word' }] as const) {
      const from = await Place.make();
      const to = await Place.make();
      try {
        const life = await start(options, from);
        const { nodeKey } = await life.ask('identity', null);
        const target = join(from.root, 'backup.db');
        expect(await life.backup(target)).toMatchObject({ keys: options.keys });
        await stop(life);
        // Whatever the configuration says at that moment.
        const passphrase = options.keys === 'passphrase' ? { passphrase: 'word' } : {};
        const restored = await start({ ...passphrase, restore: target }, to);
        expect((await restored.ask('identity', null)).nodeKey).toBe(nodeKey);
        await stop(restored);
        const form = options.keys === 'plain' ? 'plain' : 'locked';
        expect(existsSync(join(to.home, 'keys', `node.${form}`))).toBe(true);
      } finally {
        await from.remove();
        await to.remove();
      }
    }
  });

  test('without the key file: a clear error; with it again, the restore is run once more', async () => {
    const life = await start();
    await fill(life);
    const { nodeKey } = await life.ask('identity', null);
    await life.backup(file());
    await stop(life);
    const keyfile = join(again.root, 'elsewhere');
    const lost = { restore: file(), keyfile };
    await expect(Life.start(again, lost)).rejects.toMatchObject({
      code: 'E_HOME_UNUSABLE',
      subject: keyfile,
    });
    // A start in between does not take the half for a new node.
    await expect(Life.start(again, { keyfile: place.keyfile })).rejects.toMatchObject({
      code: 'E_HOME_UNUSABLE',
      next: expect.stringContaining('restore'),
    });
    cpSync(place.keyfile, keyfile);
    const restored = await start(lost, again);
    expect((await restored.ask('identity', null)).nodeKey).toBe(nodeKey);
  });

  test.each([
    ['cut short', () => writeFileSync(file(), readFileSync(file()).subarray(0, 20_000)), 'E_BACKUP_INVALID'],
    [
      'damaged',
      () => writeFileSync(file(), Buffer.from(readFileSync(file())).fill(0x5a, 8192, 60_000)),
      'E_BACKUP_INVALID',
    ],
    ['no database', () => writeFileSync(file(), 'x'.repeat(10_000)), 'E_BACKUP_INVALID'],
    ['a database of something else', () => cpSync(join(place.home, 'lock.db'), file()), 'E_BACKUP_INVALID'],
    ['gone', () => rmSync(file()), 'E_PATH_INVALID'],
    [
      'one that leads out of the folder',
      () => {
        const backup = new Database(file());
        backup.run("INSERT INTO granary_files VALUES ('../evil', x'00')");
        backup.close();
      },
      'E_BACKUP_INVALID',
    ],
    [
      'of a newer version',
      () => {
        const backup = new Database(file());
        backup.exec('PRAGMA user_version = 99');
        backup.close();
      },
      'E_HOME_NEWER',
    ],
  ])('a backup that is %s: a clear error', async (_, spoil, code) => {
    const life = await start();
    await fill(life);
    await life.backup(file());
    await stop(life);
    await spoil();
    await expect(Life.start(again, { restore: file() })).rejects.toMatchObject({ code });
    expect(existsSync(join(again.root, 'evil'))).toBe(false);
  });

  test('nothing is restored over a node', async () => {
    const life = await start();
    await fill(life);
    const before = await state(life);
    await life.backup(file());
    await stop(life);
    await expect(Life.start(place, { restore: file() })).rejects.toMatchObject({ code: 'E_USAGE' });
    expect(await state(await start())).toEqual(before);
  });

  describe('by itself', () => {
    const names = () => {
      const folder = join(place.home, 'backups');
      return existsSync(folder) ? readdirSync(folder).sort() : [];
    };
    const daily = { backupHours: 24, backupKeep: 3 };
    /** Moves the clock an hour at a time, until so many copies are there. */
    const until = async (life: Life, made: number) => {
      await vi.waitFor(
        async () => {
          await life.clock.advance(3_600_000);
          expect(life.said('backup made')).toHaveLength(made);
        },
        { timeout: 20_000, interval: 5 },
      );
    };

    test('once a day, the newest ones kept; others in the folder are left alone', async () => {
      const life = await start(daily);
      await fill(life);
      mkdirSync(join(place.home, 'backups'));
      writeFileSync(join(place.home, 'backups', 'mine.db'), '');
      const made: number[] = [];
      for (let day = 1; day <= 5; day++) {
        await until(life, day);
        made.push(life.clock.wall());
      }
      await vi.waitFor(() => expect(names()).toHaveLength(4));
      const times = names().flatMap((name) => madeAt(name) ?? []);
      expect(times).toHaveLength(3);
      expect(times[2]! - times[0]!).toBeGreaterThanOrEqual(2 * DAY);
      await stop(life);
      const newest = join(
        place.home,
        'backups',
        names()
          .filter((name) => madeAt(name) !== null)
          .at(-1)!,
      );
      expect(await (await start({ restore: newest }, again)).ask('ownShares', null)).toMatchObject([
        { seq: 1 },
      ]);
    });

    test('a restart does not make one before its time', async () => {
      const life = await start(daily);
      await until(life, 1);
      await stop(life);
      const next = await start(daily);
      await next.clock.advance(3_600_000);
      expect(next.said('backup made')).toEqual([]);
    });

    test('never, when it is turned off', async () => {
      const life = await start({ backupHours: 0 });
      await life.clock.advance(10 * DAY);
      expect(names()).toEqual([]);
    });

    test('a folder that cannot be written is told, and tried again', async () => {
      writeFileSync(join(place.root, 'in-the-way'), '');
      await stop(await start());
      rmSync(join(place.home, 'backups'), { recursive: true, force: true });
      writeFileSync(join(place.home, 'backups'), '');
      const life = await start(daily);
      await vi.waitFor(
        async () => {
          await life.clock.advance(3_600_000);
          expect(life.said('the backup failed; it is tried again').length).toBeGreaterThan(1);
        },
        { timeout: 20_000, interval: 5 },
      );
      rmSync(join(place.home, 'backups'));
      await until(life, 1);
    });

    test('names and times', () => {
      const name = backupName('auto', 1_700_000_000_000);
      expect(name).toBe('granary-auto-2023-11-14T22-13-20Z.db');
      expect(madeAt(name)).toBe(1_700_000_000_000);
      for (const other of [
        backupName('backup', 0),
        'granary-auto-x.db',
        `${name}.unfinished-1`,
        'granary-auto-2023-99-99T99-99-99Z.db',
      ]) {
        expect(madeAt(other)).toBeNull();
      }
    });
  });
});

import { createPublicKey, X509Certificate } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Secret } from '../../../src/actors/store/secret.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { keyPairFromSeed, publicKeyBytes, sign, verifyStrict } from '../../../src/protocol/crypto/ed25519.ts';
import { nodeIdOf } from '../../../src/protocol/objects/ids.ts';
import { damage } from './damage.ts';
import { item, revision } from './objects.ts';
import { Life, type LifeOptions, Place } from './world.ts';

describe('keys', () => {
  let place: Place;
  beforeEach(async () => {
    place = await Place.make();
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await place.remove();
  });

  const at = (...parts: string[]) => join(place.home, ...parts);
  /** One life that does something; what is given back outlives it. */
  const during = async <T>(work: (life: Life) => Promise<T>, options: LifeOptions = {}): Promise<T> => {
    const life = await Life.start(place, options);
    try {
      return await work(life);
    } finally {
      await life.stop();
    }
  };
  const identity = (options?: LifeOptions) => during((life) => life.ask('identity', null), options);
  const publish = (name: string, options?: LifeOptions) =>
    during(async (life) => {
      const { shareId } = await life.ask('openShare', { name });
      return await life.ask('commitRevision', revision(shareId, [item(1)]));
    }, options);

  test('a node is the same after a restart: key, id and certificate belong together', async () => {
    const first = await identity();
    const publicKey = publicKeyBytes(first.privateKey);
    expect(first.nodeKey).toBe(toHex(publicKey));
    expect(first.nodeId).toBe(toHex(nodeIdOf(publicKey)));
    const message = Buffer.from('hello');
    expect(verifyStrict(publicKey, message, sign(first.privateKey, message))).toBe(true);
    expect(createPublicKey(first.tlsKey).equals(createPublicKey(first.privateKey))).toBe(true);
    const certificate = new X509Certificate(first.certificate);
    expect(toHex(publicKeyBytes(certificate.publicKey))).toBe(first.nodeKey);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subject).toBe('CN=granary');
    const { privateKey: _, ...again } = await identity();
    expect(first).toMatchObject(again);
  });

  test.each(['damaged', 'wrongly signed', 'another node’s', 'nonsense', 'gone'])(
    'a certificate that is %s is made anew',
    async (what) => {
      const first = await identity();
      const path = at('keys', 'node.crt');
      if (what === 'damaged') await damage(path);
      if (what === 'nonsense') writeFileSync(path, 'nonsense');
      if (what === 'wrongly signed') {
        const { raw } = new X509Certificate(first.certificate);
        raw[raw.length - 1]! ^= 1;
        writeFileSync(path, new X509Certificate(raw).toString());
      }
      if (what === 'gone') rmSync(path);
      if (what === 'another node’s') {
        const other = await Place.make();
        await (await Life.start(other)).stop();
        cpSync(join(other.home, 'keys', 'node.crt'), path);
        await other.remove();
      }
      await during(async (life) => {
        expect((await life.ask('identity', null)).certificate).toBe(first.certificate);
        expect(life.said('the certificate is damaged or of another key: made anew')).toHaveLength(
          what === 'gone' ? 0 : 1,
        );
      });
      expect(readFileSync(path, 'latin1')).toBe(first.certificate);
    },
  );

  test('sealed keys lie beside a key file of their own, both for their owner alone', async () => {
    const { nodeKey } = await identity();
    await publish('mine');
    expect(readFileSync(place.keyfile, 'latin1')).toMatch(/^[0-9a-f]{64}\n$/);
    const names = readdirSync(at('keys')).sort();
    expect(names).toEqual(['node.crt', 'node.sealed', expect.stringMatching(/^share-[0-9a-f]{64}\.sealed$/)]);
    for (const path of [place.keyfile, ...names.map((name) => at('keys', name))]) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    expect((await identity()).nodeKey).toBe(nodeKey);
  });

  test.each([
    ['gone', () => rmSync(place.keyfile), /not there/, () => place.keyfile],
    [
      'another one',
      () => writeFileSync(place.keyfile, `${'ab'.repeat(32)}\n`),
      /does not open it/,
      () => at('keys', 'node.sealed'),
    ],
    ['no key', () => writeFileSync(place.keyfile, 'a password'), /holds no key/, () => place.keyfile],
    ['empty', () => writeFileSync(place.keyfile, ''), /holds no key/, () => place.keyfile],
  ])('a key file that is %s: a clear error, and no new key', async (_, spoil, message, subject) => {
    const { nodeKey } = await identity();
    const kept = readFileSync(place.keyfile);
    spoil();
    await expect(identity()).rejects.toMatchObject({
      code: 'E_HOME_UNUSABLE',
      message: expect.stringMatching(message),
      subject: subject(),
      next: expect.stringMatching(/key file/),
    });
    writeFileSync(place.keyfile, kept);
    expect((await identity()).nodeKey).toBe(nodeKey);
  });

  test.each([
    ['damaged', () => damage(at('keys', 'node.sealed'))],
    [
      'cut short',
      () => writeFileSync(at('keys', 'node.sealed'), readFileSync(at('keys', 'node.sealed')).subarray(0, 20)),
    ],
    ['empty', () => writeFileSync(at('keys', 'node.sealed'), '')],
    ['gone', () => rmSync(at('keys', 'node.sealed'))],
    [
      'that of a share',
      () =>
        cpSync(
          at('keys', readdirSync(at('keys')).find((name) => name.startsWith('share-'))!),
          at('keys', 'node.sealed'),
        ),
    ],
  ])('a sealed node key that is %s: a clear error', async (_, spoil) => {
    await publish('mine');
    await spoil();
    await expect(identity()).rejects.toMatchObject({ code: 'E_HOME_UNUSABLE' });
  });

  test('a key of one share does not pass for that of another', async () => {
    await publish('one', { keys: 'plain' });
    const two = await during((life) => life.ask('openShare', { name: 'two' }), { keys: 'plain' });
    const [other] = readdirSync(at('keys')).filter(
      (name) => /^share-/.test(name) && !name.includes(two.shareId),
    );
    cpSync(at('keys', other!), at('keys', `share-${two.shareId}.plain`));
    await expect(publish('two', { keys: 'plain' })).rejects.toMatchObject({ code: 'E_HOME_UNUSABLE' });
  });

  test('plain keys need no key file', async () => {
    const { nodeKey } = await identity({ keys: 'plain' });
    expect(existsSync(place.keyfile)).toBe(false);
    const seed = new Uint8Array(readFileSync(at('keys', 'node.plain')));
    expect(toHex(keyPairFromSeed(seed).publicKey)).toBe(nodeKey);
    expect((await identity({ keys: 'plain' })).nodeKey).toBe(nodeKey);
    writeFileSync(at('keys', 'node.plain'), 'short');
    await expect(identity({ keys: 'plain' })).rejects.toMatchObject({ code: 'E_HOME_UNUSABLE' });
  });

  test('the form follows the setting, both ways, and the keys stay', async () => {
    const { nodeKey } = await identity();
    await publish('mine');
    const forms = () =>
      readdirSync(at('keys'))
        .filter((name) => name !== 'node.crt')
        .map((name) => name.split('.')[1]);
    expect((await identity({ keys: 'plain' })).nodeKey).toBe(nodeKey);
    expect(forms()).toEqual(['plain', 'plain']);
    expect(await publish('mine', { keys: 'plain' })).toMatchObject({ seq: 1, changed: false });
    expect((await identity()).nodeKey).toBe(nodeKey);
    expect(forms()).toEqual(['sealed', 'sealed']);
    // Cut off between the two: both forms are there.
    rmSync(place.keyfile);
    await expect(identity({ keys: 'plain' })).rejects.toMatchObject({ code: 'E_HOME_UNUSABLE' });
  });

  test('a change of form that was cut off is finished', async () => {
    const { nodeKey } = await identity();
    const sealed = readFileSync(at('keys', 'node.sealed'));
    await identity({ keys: 'plain' });
    writeFileSync(at('keys', 'node.sealed'), sealed);
    expect((await identity({ keys: 'plain' })).nodeKey).toBe(nodeKey);
    expect(readdirSync(at('keys')).sort()).toEqual(['node.crt', 'node.plain']);
  });

  test('without a name the key file lies in the configuration folder', async () => {
    vi.stubEnv('XDG_CONFIG_HOME', join(place.root, 'xdg'));
    const { nodeKey } = await identity({ keyfile: '' });
    expect(existsSync(join(place.root, 'xdg', 'granary', 'key'))).toBe(true);
    expect((await identity({ keyfile: join(place.root, 'xdg', 'granary', 'key') })).nodeKey).toBe(nodeKey);
    vi.stubEnv('XDG_CONFIG_HOME', 'relative');
    vi.stubEnv('HOME', join(place.root, 'user'));
    await expect(identity({ keyfile: '' })).rejects.toMatchObject({
      subject: join(place.root, 'user', '.config', 'granary', 'key'),
    });
  });

  test('one key file serves several folders, also when they are made at the same moment', async () => {
    const places = await Promise.all([Place.make(), Place.make(), Place.make()]);
    try {
      const keyfile = place.keyfile;
      const lives = await Promise.all(places.map((each) => Life.start(each, { keyfile })));
      const keys = await Promise.all(lives.map(async (life) => (await life.ask('identity', null)).nodeKey));
      await Promise.all(lives.map((life) => life.stop()));
      for (const [i, each] of places.entries()) {
        const life = await Life.start(each, { keyfile });
        expect((await life.ask('identity', null)).nodeKey).toBe(keys[i]);
        await life.stop();
      }
      expect(readdirSync(join(place.root, 'config'))).toEqual(['key']);
    } finally {
      for (const each of places) await each.remove();
    }
  });

  test('a key file that others may read is told of', async () => {
    await identity();
    const { chmodSync } = await import('node:fs');
    chmodSync(place.keyfile, 0o644);
    await during(async (life) => expect(life.said('the key file is open to other users')).toHaveLength(1));
  });

  test('no secret is ever in the log, in JSON or in the database', async () => {
    const log: string[] = [];
    const options = { keys: 'plain' as const };
    await publish('mine', options);
    const secrets = readdirSync(at('keys'))
      .filter((name) => name.endsWith('.plain'))
      .map((name) => readFileSync(at('keys', name)));
    await during(async (life) => {
      await life.ask('openShare', { name: 'another' });
      log.push(inspect(life.log, { depth: 10 }), JSON.stringify(life.log));
    });
    secrets.push(Buffer.from(readFileSync(place.keyfile, 'latin1').trim(), 'hex'));
    const dump = Buffer.concat([
      readFileSync(at('state.db')),
      ...readdirSync(at('keys')).map((name) => readFileSync(at('keys', name))),
    ]);
    expect(secrets).toHaveLength(3);
    for (const secret of secrets) {
      expect(dump.includes(secret)).toBe(false);
      for (const form of ['hex', 'base64', 'base64url'] as const) {
        expect(log.join().includes(secret.toString(form))).toBe(false);
        expect(dump.includes(secret.toString(form))).toBe(false);
      }
    }
  });

  test('a secret does not slip out by being written down', () => {
    const octets = new Uint8Array(32).fill(7);
    const secret = new Secret(octets);
    for (const text of [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ deep: { secret } }),
      inspect(secret, { showHidden: true }),
    ]) {
      expect(text).toContain('[secret]');
      expect(text).not.toMatch(/7, 7|0707/);
    }
    expect(secret.reveal()).toBe(octets);
  });
});

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import {
  encodeSealedSecret,
  keyFromNodeKey,
  keyFromPassphrase,
  SEAL_NONCE_LENGTH,
  SEAL_SALT_LENGTH,
  sealSecret,
} from '../../../src/protocol/crypto/sealed-secret.ts';
import { idOf, item, key, published, revision, subscription } from './objects.ts';
import { Life, Place } from './world.ts';

describe('keys from and to other nodes', () => {
  let places: Place[];
  let lives: Life[];
  beforeEach(() => {
    places = [];
    lives = [];
  });
  afterEach(async () => {
    for (const life of lives) await life.stop();
    for (const place of places) await place.remove();
  });

  const start = async (): Promise<Life> => {
    const place = await Place.make();
    places.push(place);
    const life = await Life.start(place, { keys: 'plain' });
    lives.push(life);
    return life;
  };
  const passphrase = 'between nodes';
  const opener = { passphrase };
  const seed = new Uint8Array(32).fill(7);
  const nonce = new Uint8Array(SEAL_NONCE_LENGTH).fill(9);
  /** As the reference writes them: under the secret of its node, with a salt of zeros. */
  const sealedByReference = (nodeSecret: Uint8Array, secret = seed) =>
    encodeSealedSecret(
      sealSecret(keyFromNodeKey(nodeSecret), secret, { salt: new Uint8Array(SEAL_SALT_LENGTH), nonce }),
    );

  test('a share goes on at another node, above what it is told', async () => {
    const [one, two] = [await start(), await start()];
    const share = await one.ask('openShare', { name: 'music' });
    await one.ask('commitRevision', revision(share.shareId, [item(1)]));
    const sealed = await one.ask('exportKey', { key: { shareId: share.shareId }, passphrase });
    const taken = await two.ask('importKey', { sealed, name: 'records', opener });
    expect(taken).toMatchObject({ shareId: share.shareId, shareKey: share.shareKey, name: 'records' });
    expect(taken).toMatchObject({ seq: 0, unsure: true });
    expect(
      await two.ask('commitRevision', { ...revision(share.shareId, [item(1)]), seenSeq: 41 }),
    ).toMatchObject({ seq: 42 });
    expect(await two.ask('ownShares', null)).toMatchObject([{ seq: 42, unsure: false }]);
  });

  test('without anybody to ask, at least above what this node follows itself', async () => {
    const life = await start();
    const share = key(7);
    await life.ask('subscribe', subscription(share));
    await life.ask('commitManifest', published(share, 9).offer);
    const sealed = sealedByReference(new Uint8Array(32).fill(3));
    await life.ask('importKey', { sealed, name: 'mine', opener: { nodeSecret: '03'.repeat(32) } });
    expect(await life.ask('commitRevision', revision(idOf(share), [item(1)]))).toMatchObject({ seq: 10 });
  });

  test('the key of the node itself is handed out, too', async () => {
    const [one, two] = [await start(), await start()];
    const { nodeKey } = await one.ask('identity', null);
    const sealed = await one.ask('exportKey', { key: 'node', passphrase });
    expect((await two.ask('importKey', { sealed, name: 'x', opener })).shareKey).toBe(nodeKey);
  });

  test('both forms of the reference are read', async () => {
    const life = await start();
    const salt = new Uint8Array(SEAL_SALT_LENGTH).fill(5);
    const byPassphrase = encodeSealedSecret(
      sealSecret(await keyFromPassphrase(passphrase, salt), seed, { salt, nonce }),
    );
    const shareKey = toHex(keyPairFromSeed(seed).publicKey);
    expect(await life.ask('importKey', { sealed: byPassphrase, name: 'a', opener })).toMatchObject({
      shareKey,
    });
    const nodeSecret = 'AB'.repeat(32);
    const sealed = sealedByReference(new Uint8Array(32).fill(0xab));
    // It is the same share, whatever name is said.
    expect(await life.ask('importKey', { sealed, name: 'b', opener: { nodeSecret } })).toMatchObject({
      name: 'a',
      shareKey,
    });
  });

  test('a share whose key was lost gets it back', async () => {
    const life = await start();
    const { shareId } = await life.ask('openShare', { name: 'music' });
    const sealed = await life.ask('exportKey', { key: { shareId }, passphrase });
    const folder = join(places[0]!.home, 'keys');
    rmSync(join(folder, readdirSync(folder).find((name) => name.startsWith('share-'))!));
    await expect(life.ask('commitRevision', revision(shareId, [item(1)]))).rejects.toMatchObject({
      code: 'E_HOME_UNUSABLE',
    });
    await life.ask('importKey', { sealed, name: 'whatever', opener });
    expect(await life.ask('commitRevision', revision(shareId, [item(1)]))).toMatchObject({ seq: 1 });
  });

  test.each([
    ['no file of keys', Buffer.from('-----BEGIN PRIVATE KEY-----'), opener, 'E_KEY_INVALID'],
    ['empty', Buffer.alloc(0), opener, 'E_KEY_INVALID'],
    ['huge', Buffer.alloc(1 << 20), opener, 'E_KEY_INVALID'],
    ['another passphrase', sealedByReference(seed), opener, 'E_PASSPHRASE'],
    ['another node', sealedByReference(seed), { nodeSecret: '00'.repeat(32) }, 'E_PASSPHRASE'],
    ['no node secret', sealedByReference(seed), { nodeSecret: 'secret' }, 'E_KEY_INVALID'],
    [
      'another secret than a key',
      sealedByReference(seed, new Uint8Array(31)),
      { nodeSecret: '07'.repeat(32) },
      'E_KEY_INVALID',
    ],
  ])('%s: a clear error, no share', async (_, sealed, by, code) => {
    const life = await start();
    await expect(life.ask('importKey', { sealed, name: 'x', opener: by })).rejects.toMatchObject({ code });
    expect(await life.ask('ownShares', null)).toEqual([]);
  });

  test('a name that another share has is refused, and so is an export without passphrase', async () => {
    const life = await start();
    await life.ask('openShare', { name: 'music' });
    const sealed = sealedByReference(new Uint8Array(32));
    const nodeSecret = '00'.repeat(32);
    await expect(
      life.ask('importKey', { sealed, name: 'music', opener: { nodeSecret } }),
    ).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(life.ask('exportKey', { key: 'node', passphrase: '' })).rejects.toMatchObject({
      code: 'E_PASSPHRASE',
    });
    await expect(
      life.ask('exportKey', { key: { shareId: 'ab'.repeat(32) }, passphrase }),
    ).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });
});

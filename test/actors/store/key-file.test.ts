import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeKeyFile, readKeyFile } from '../../../src/actors/store/key-file.ts';
import { keyFilePath } from '../../../src/settings/home.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-key-file-'));
  path = join(folder, 'new', 'folder', 'key');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('a key file that is there is never replaced: the key of whoever was first counts for all', async () => {
  expect(await readKeyFile(path, log)).toBeNull();
  const first = await makeKeyFile(path, log);
  const text = await readFile(path, 'latin1');
  const second = await makeKeyFile(path, log);
  expect(second[0]!.reveal()).toEqual(first[0]!.reveal());
  expect(await readFile(path, 'latin1')).toBe(text);
  expect((await readKeyFile(path, log))![0]!.reveal()).toEqual(first[0]!.reveal());
  expect(await readdir(join(folder, 'new', 'folder'))).toEqual(['key']);
});

test('upper case and blanks around the digits are taken', async () => {
  await writeFile(join(folder, 'key'), `  ${'AB'.repeat(32)}\r\n\n`);
  expect((await readKeyFile(join(folder, 'key'), log))![0]!.reveal()).toEqual(new Uint8Array(32).fill(0xab));
});

test('a place where no file can be made: E_HOME_UNUSABLE', async () => {
  await writeFile(join(folder, 'new'), 'a file');
  const refusal = { code: 'E_HOME_UNUSABLE', subject: path, next: expect.stringContaining('store.keyfile') };
  await expect(makeKeyFile(path, log)).rejects.toMatchObject(refusal);
  await expect(readKeyFile(path, log)).rejects.toMatchObject(refusal);
  await expect(readKeyFile(folder, log)).rejects.toMatchObject({ code: 'E_HOME_UNUSABLE' });
});

test('the configured place comes first, then the configuration folder', () => {
  expect(keyFilePath('/mnt/usb/key', { XDG_CONFIG_HOME: '/etc' })).toBe('/mnt/usb/key');
  expect(keyFilePath('', { XDG_CONFIG_HOME: '/etc' })).toBe('/etc/granary/key');
  for (const env of [{}, { XDG_CONFIG_HOME: '' }, { XDG_CONFIG_HOME: 'relative' }]) {
    expect(keyFilePath('', env)).toMatch(/\.config\/granary\/key$/);
  }
});

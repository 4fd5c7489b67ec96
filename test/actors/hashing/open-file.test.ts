import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OpenFile } from '../../../src/actors/hashing/open-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-open-'));
  path = join(folder, 'file');
  writeFileSync(path, 'twelve bytes');
});
afterEach(() => rmSync(folder, { recursive: true }));

const changed = expect.objectContaining({ code: 'E_FILE_CHANGED' });

test('reads from a place, and refuses to read past the end', () => {
  const file = OpenFile.open(path);
  const target = new Uint8Array(6);
  file.read(target, 3);
  expect(Buffer.from(target).toString()).toBe('lve by');
  expect(() => file.read(target, 8)).toThrow(changed);
  file.check();
  file.close();
});

test('another file in the same place is not the same', () => {
  const file = OpenFile.open(path);
  file.close();
  OpenFile.openSame(path, file.look).close();
  const other = join(folder, 'other');
  writeFileSync(other, 'twelve bytes');
  renameSync(other, path);
  expect(() => OpenFile.openSame(path, file.look)).toThrow(changed);
});

test('a look back finds what was written since', () => {
  const file = OpenFile.open(path);
  file.check();
  appendFileSync(path, '!');
  expect(() => file.check()).toThrow(changed);
  file.close();
});

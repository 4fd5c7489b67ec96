import { expect, test } from 'vitest';
import { itemPath, refusedName } from '../../../src/actors/publish/item-name.ts';

const name = (text: string) => Buffer.from(text);

test.each([
  ['plain', '', null],
  ['..not-a-parent', 'a/b', null],
  ['音楽'.repeat(100), '', null],
  ['x'.repeat(1024), '', null],
  ['x'.repeat(1025), '', 'its name is longer than 1024 bytes'],
  ['音'.repeat(342), '', 'its name is longer than 1024 bytes'],
  ['y', 'x'.repeat(4094), null],
  ['y', 'x'.repeat(4095), 'its path is longer than 4096 bytes'],
  ['.granary-0123456789ab-7.part', '', 'unfinished download'],
  ['.granary-0123456789ab-7.part.txt', '', null],
  ['granary-0123456789ab-7.part', '', null],
])('%.40s', (text, parent, reason) => {
  expect(refusedName(name(text), parent)).toBe(reason);
});

test('octets that are no UTF-8, half characters among them', () => {
  for (const octets of [[0xe9], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf0, 0x9f, 0x8e]]) {
    expect(refusedName(Uint8Array.from(octets), '')).toBe('its name is not UTF-8');
  }
});

test('paths have one slash between their parts, and none before them', () => {
  expect(itemPath('', 'a')).toBe('a');
  expect(itemPath('a/b', 'c')).toBe('a/b/c');
});

import { expect, test } from 'vitest';
import { readRate, readSize } from '../../src/limits/amounts.ts';

test.each([
  ['20MB/s', 20_000_000],
  ['20MB', 20_000_000],
  ['1.5 MiB/s', 1_572_864],
  ['512KiB/s', 524_288],
  ['100Mbit', 12_500_000],
  ['1gbit/s', 125_000_000],
  ['65536', 65_536],
  ['0', 0],
  ['off', null],
  ['OFF', null],
])('a rate of %s', (text, value) => {
  expect(readRate(text)).toEqual({ value });
});

test.each(['', 'fast', '-1MB', '20XB/s', '1e9', '20MB/h', '1', '1023', '2000GB/s', 'NaN', '5 apples'])(
  'no rate: %s',
  (text) => {
    expect(readRate(text)).toHaveProperty('fault');
  },
);

test('sizes have no bits, and no time', () => {
  expect(readSize('2TiB')).toEqual({ value: 2 * 2 ** 40 });
  expect(readSize('0')).toEqual({ value: 0 });
  expect(readSize('off')).toEqual({ value: null });
  for (const text of ['1Mbit', '1GB/s', '99999TiB']) expect(readSize(text)).toHaveProperty('fault');
});

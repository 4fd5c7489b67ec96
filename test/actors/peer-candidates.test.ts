import { expect, test } from 'vitest';
import { candidatesOf, MAX_CANDIDATES } from '../../src/actors/peer-candidates.ts';
import { moreTelling, mostTelling } from '../../src/actors/telling-error.ts';
import { failure } from '../../src/errors.ts';

const KEY = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);

test.each([
  [['tcp://1.2.3.4:7001'], [{ address: 'tcp://1.2.3.4:7001' }]],
  [['1.2.3.4:7001', 'tcp://1.2.3.4:7001'], [{ address: 'tcp://1.2.3.4:7001' }]],
  [['1.2.3.4:7001', `1.2.3.4:7001@${KEY}`], [{ address: 'tcp://1.2.3.4:7001', nodeKey: KEY }]],
  [
    [`1.2.3.4:7001@${KEY}`, `1.2.3.4:7001@${OTHER}`],
    [
      { address: 'tcp://1.2.3.4:7001', nodeKey: KEY },
      { address: 'tcp://1.2.3.4:7001', nodeKey: OTHER },
    ],
  ],
  [
    ['quic://1.2.3.4:7000', 'quic://1.2.3.4:65535'],
    [{ address: 'quic://1.2.3.4:7000', also: ['tcp://1.2.3.4:7001'] }, { address: 'quic://1.2.3.4:65535' }],
  ],
  [
    [`1.2.3.4:7001@${KEY}`, `quic://1.2.3.4:7000@${KEY}`, `quic://[2001:db8::1]:7000@${KEY}`],
    [
      {
        address: 'tcp://1.2.3.4:7001',
        nodeKey: KEY,
        also: ['quic://1.2.3.4:7000', 'quic://[2001:db8::1]:7000'],
      },
    ],
  ],
  [
    [`quic://1.2.3.4:7000@${KEY}`, 'quic://1.2.3.4:7000'],
    [{ address: 'quic://1.2.3.4:7000', nodeKey: KEY, also: ['tcp://1.2.3.4:7001'] }],
  ],
  [['tcp://[2001:db8::1]:7001'], [{ address: 'tcp://[2001:db8::1]:7001' }]],
  [['', 'example.org:1', 'tcp://1.2.3.4', '1.2.3.4:7001@12'], []],
])('%j', (texts, targets) => {
  expect(candidatesOf(texts)).toEqual(targets);
});

test('there is a bound', () => {
  const many = Array.from({ length: 500 }, (_, i) => `10.0.${i >> 8}.${i & 255}:7001`);
  expect(candidatesOf(many, many)).toHaveLength(MAX_CANDIDATES);
  const [one, ...others] = candidatesOf(many.map((address) => `${address}@${KEY}`));
  expect(one?.also).toHaveLength(7);
  expect(others).toEqual([]);
});

test('the first of equally telling failures is told, and unknown codes yield to known ones', () => {
  const failures = ['E_INTERNAL', 'E_NO_PROVIDER', 'E_PEER_UNREACHABLE'].map((code, i) => ({
    code,
    message: String(i),
  }));
  expect(mostTelling(failures)).toEqual({ code: 'E_PEER_UNREACHABLE', message: '2' });
  expect(mostTelling([])).toBeNull();
});

test('of two errors the more telling is kept, and may pass when either may', () => {
  const lie = failure('E_CHUNK_CORRUPT', 'wrong bytes', { subject: 'a' });
  const lack = failure('E_PEER_ERROR', 'chunk not found');
  const silence = failure('E_PEER_SILENT', 'no reply', { retryable: true });
  expect(moreTelling(null, lack)).toBe(lack);
  expect(moreTelling(lie, lack)).toBe(lie);
  expect(moreTelling(lack, lie)).toBe(lie);
  expect(moreTelling(silence, lie)).toMatchObject({ code: 'E_CHUNK_CORRUPT', subject: 'a', retryable: true });
  expect(moreTelling(lie, silence)).toMatchObject({ code: 'E_CHUNK_CORRUPT', retryable: true });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { congestionOf, congestionTo } from '../../src/bridge-link/congestion.ts';
import { LineReader, lineOf } from '../../src/bridge-link/control-lines.ts';
import {
  decodeDialRequest,
  decodeOpening,
  encodeDialFailed,
  encodeDialRequest,
  encodeStreamOpen,
  PreambleReader,
} from '../../src/bridge-link/preamble.ts';
import { DecodeError } from '../../src/protocol/cbor/decode-error.ts';

const request = { host: '192.0.2.1', port: 7000, ms: 5_000, congestion: 'cubic' } as const;
const opening = { role: 'accepted', remote: '[2001:db8::1]:7000', alpn: null } as const;
const json = (preamble: Uint8Array) => preamble.subarray(2);
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test('what is written is read', () => {
  expect(decodeDialRequest(json(encodeDialRequest(request)))).toEqual(request);
  expect(decodeOpening(json(encodeStreamOpen(opening)))).toEqual(opening);
  expect(decodeOpening(json(encodeDialFailed('nobody there')))).toEqual({
    role: 'failed',
    reason: 'nobody there',
  });
  expect(json(encodeDialFailed('x'.repeat(10_000))).length).toBeLessThan(1_024);
});

test.each([
  ['no JSON', new Uint8Array([1, 2, 3])],
  ['no object', text([1])],
  ['another version', text({ v: 2, ...request })],
  ['no host', text({ v: 1, ...request, host: '' })],
  ['a port that is none', text({ v: 1, ...request, port: 65_536 })],
  ['no deadline', text({ v: 1, ...request, ms: 0 })],
  ['another congestion control', text({ v: 1, ...request, congestion: 'reno' })],
])('a dial request with %s', (_, bytes) => {
  expect(() => decodeDialRequest(bytes)).toThrow(DecodeError);
});

test.each([
  ['no role', text({ v: 1, remote: '1.2.3.4:5', alpn: null })],
  ['no address', text({ v: 1, role: 'accepted', alpn: null })],
  ['a name for an address', text({ v: 1, role: 'accepted', remote: 'localhost:5', alpn: null })],
  ['no protocol', text({ v: 1, role: 'dialled', remote: '1.2.3.4:5' })],
  ['a failure without a reason', text({ v: 1, role: 'failed' })],
])('an opening with %s', (_, bytes) => {
  expect(() => decodeOpening(bytes)).toThrow(DecodeError);
});

test('exactly the preamble is taken, however the octets come', () => {
  const stream = Buffer.concat([encodeDialRequest(request), Buffer.from('what follows')]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (steps) => {
      const reader = new PreambleReader();
      let at = 0;
      let found: Uint8Array | null = null;
      for (let i = 0; found === null; i++) {
        const count = Math.min(steps[i % steps.length]!, reader.missing);
        found = reader.add(stream.subarray(at, at + count));
        at += count;
      }
      expect(decodeDialRequest(found)).toEqual(request);
      expect(reader.missing).toBe(0);
      expect(stream.subarray(at).toString()).toBe('what follows');
    }),
  );
});

test.each([[[0, 0]], [[4, 1]], [[255, 255]]])('a length of %j is none', (octets) => {
  expect(() => new PreambleReader().add(Uint8Array.from(octets))).toThrow(DecodeError);
});

test('lines come whole, in whatever pieces', () => {
  const lines = [lineOf({ do: 'quiesce' }), lineOf({ do: 'shards', shards: ['/a\nb'] })].join('');
  for (let step = 1; step < lines.length; step += 3) {
    const reader = new LineReader();
    const found: unknown[] = [];
    for (let at = 0; at < lines.length; at += step) found.push(...reader.push(lines.slice(at, at + step)));
    expect(found).toEqual([{ do: 'quiesce' }, { do: 'shards', shards: ['/a\nb'] }]);
  }
  expect(() => new LineReader().push('x'.repeat(2 ** 20 + 1))).toThrow(RangeError);
  expect(() => new LineReader().push('no message\n')).toThrow(SyntaxError);
});

test('what is lost on the way decides how it is shared, unless the operator does', () => {
  expect(
    ['127.0.0.1', '10.1.2.3', 'fe80::1', '203.0.113.1', '2001:db8::1'].map((host) =>
      congestionTo('auto', host),
    ),
  ).toEqual(['cubic', 'cubic', 'cubic', 'bbr', 'bbr']);
  expect(congestionTo('bbr', '127.0.0.1')).toBe('bbr');
  // A private address may be behind a translator.
  expect(
    [['127.0.0.1'], ['10.1.2.3'], ['0.0.0.0'], ['::1', '::']].map((hosts) => congestionOf('auto', hosts)),
  ).toEqual(['cubic', 'bbr', 'bbr', 'bbr']);
  expect(congestionOf('cubic', ['0.0.0.0'])).toBe('cubic');
});

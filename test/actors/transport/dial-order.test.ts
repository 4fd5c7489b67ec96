import { expect, test } from 'vitest';
import { dialOrder, type TransportPolicy } from '../../../src/actors/transport/dial-order.ts';
import { PathMemory } from '../../../src/actors/transport/path-memory.ts';

const TCP4 = { transport: 'tcp', ip: '1.2.3.4', address: 'tcp4' } as const;
const TCP6 = { transport: 'tcp', ip: '2001:db8::1', address: 'tcp6' } as const;
const QUIC4 = { transport: 'quic', ip: '1.2.3.4', address: 'quic4' } as const;
const QUIC6 = { transport: 'quic', ip: '2001:db8::1', address: 'quic6' } as const;
const ALL = [QUIC4, TCP4, QUIC6, TCP6];

const order = (policy: TransportPolicy, memory = new PathMemory(), now = 0) =>
  dialOrder(ALL, policy, (address) => memory.of(address, now)).map((stage) =>
    stage.map(({ address }) => address),
  );

test.each([
  ['auto', [['tcp6', 'tcp4', 'quic6', 'quic4']]],
  [
    'tcp-first',
    [
      ['tcp6', 'tcp4'],
      ['quic6', 'quic4'],
    ],
  ],
  [
    'quic-first',
    [
      ['quic6', 'quic4'],
      ['tcp6', 'tcp4'],
    ],
  ],
  ['tcp-only', [['tcp6', 'tcp4']]],
  ['quic-only', [['quic6', 'quic4']]],
] as const)('%s', (policy, stages) => {
  expect(order(policy)).toEqual(stages);
});

test('no way that may be taken is no stage', () => {
  const memory = new PathMemory();
  expect(dialOrder([TCP4], 'quic-only', (address) => memory.of(address, 0))).toEqual([]);
});

test('what failed lately comes last, until it comes through or ten minutes have passed', () => {
  const memory = new PathMemory();
  memory.failed('tcp4', 0);
  memory.failed('tcp6', 0);
  expect(order('auto', memory, 1)).toEqual([['quic6', 'quic4', 'tcp6', 'tcp4']]);
  expect(order('auto', memory, 600_000)).toEqual([['tcp6', 'tcp4', 'quic6', 'quic4']]);
  memory.worked('tcp4', 20);
  expect(order('auto', memory, 1)).toEqual([['tcp4', 'quic6', 'quic4', 'tcp6']]);
});

test('what answered soonest comes first among its like', () => {
  const memory = new PathMemory();
  memory.worked('tcp4', 30);
  expect(order('auto', memory)).toEqual([['tcp4', 'tcp6', 'quic6', 'quic4']]);
  memory.worked('tcp6', 20);
  expect(order('auto', memory)[0]?.[0]).toBe('tcp6');
});

test('QUIC comes before TCP where it was measured to be clearly faster', () => {
  const memory = new PathMemory();
  for (const address of ['tcp4', 'quic4']) memory.worked(address, 10);
  memory.carried('quic4', 14e6);
  expect(order('auto', memory)[0]?.[0]).toBe('tcp4');
  memory.carried('tcp4', 10e6);
  expect(order('auto', memory)[0]?.[0]).toBe('tcp4');
  memory.carried('quic4', 16e6);
  expect(order('auto', memory)[0]?.[0]).toBe('quic4');
});

test('the memory is bounded, and forgets what was used longest ago', () => {
  const memory = new PathMemory();
  for (let i = 0; i < 10_000; i++) memory.worked(`tcp://${i}`, 5);
  expect(memory.of('tcp://0', 0).handshakeMs).toBeNull();
  expect(memory.of('tcp://9999', 0).handshakeMs).toBe(5);
  memory.carried('tcp://never', 5);
  expect(memory.of('tcp://never', 0)).toEqual({ failed: false, handshakeMs: null, bytesPerSecond: 0 });
});

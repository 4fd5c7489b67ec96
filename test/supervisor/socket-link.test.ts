import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ActorError } from '../../src/supervisor/contract/actor-error.ts';
import { sleep, systemClock } from '../../src/supervisor/contract/clock.ts';
import { ask, configOf, defineContract, stream, tell } from '../../src/supervisor/contract/contract.ts';
import { checkFrame } from '../../src/supervisor/link/check-frames.ts';
import { FRAME } from '../../src/supervisor/link/frame.ts';
import { withLength } from '../../src/supervisor/link/frame-splitter.ts';
import { packBody } from '../../src/supervisor/link/message-pack.ts';
import { connectOverSocket, serveOverSocket } from '../../src/supervisor/runtime/socket-conversation.ts';
import { until } from './two-actors.ts';

const contract = defineContract({
  name: 'remote',
  config: configOf<Record<never, never>>(),
  messages: {
    add: tell<number>(),
    double: ask<bigint, bigint>(),
    fail: ask<null, never>(),
    sum: ask<null, number>(),
    wait: ask<null, null>({ deadlineMs: 60_000 }),
    count: stream<number, number>({ window: 4 }),
  },
});

let server: Server;
let served: Socket[];
let crashes: unknown[];
let cancelled: number;
beforeEach(async () => {
  served = [];
  crashes = [];
  cancelled = 0;
  let sum = 0;
  server = createServer((socket) => {
    served.push(socket);
    serveOverSocket(
      contract,
      {
        add: (n) => {
          sum += n;
        },
        double: (n) => n * 2n,
        fail: () => {
          throw new ActorError('E_NOT_TODAY', 'no', { subject: 's', next: 'n', retryable: true });
        },
        sum: () => sum,
        wait: async (_, { signal }) => {
          try {
            await sleep(systemClock, 60_000, signal);
          } finally {
            cancelled++;
          }
          return null;
        },
        async *count(to) {
          try {
            for (let n = 0; n < to; n++) yield n;
          } finally {
            cancelled++;
          }
        },
      },
      socket,
      { clock: systemClock, budget: 8, crash: (error) => crashes.push(error) },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const socket of served) socket.destroy();
  server.close();
});

const dial = () => connect((server.address() as { port: number }).port, '127.0.0.1');
const remote = () => connectOverSocket(contract, dial(), systemClock);

test('ask, tell and stream mean over a socket what they mean over a port', async () => {
  const ref = await remote();
  expect(await ref.ask('double', 2n ** 62n - 1n)).toBe(2n ** 63n - 2n);
  for (let n = 1; n <= 8; n++) expect(ref.tell('add', n)).toBe(true);
  expect(ref.tell('add', 9)).toBe(false);
  expect(await ref.ask('sum', null)).toBe(36);
  await ref.ready();
  const items: number[] = [];
  for await (const n of ref.stream('count', 50)) items.push(n);
  expect(items).toEqual(Array.from({ length: 50 }, (_, n) => n));
  await expect(ref.ask('fail', null)).rejects.toMatchObject({
    name: 'ActorError',
    code: 'E_NOT_TODAY',
    subject: 's',
    next: 'n',
    retryable: true,
  });
  ref.close();
});

test('cancelling reaches the other side: abort, deadline, and leaving a stream', async () => {
  const ref = await remote();
  const abort = new AbortController();
  const waiting = ref.ask('wait', null, { signal: abort.signal });
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'E_ABORTED' });
  await expect(ref.ask('wait', null, { deadlineMs: 30 })).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  for await (const n of ref.stream('count', 1_000_000)) if (n === 5) break;
  await until(() => cancelled === 3);
  ref.close();
});

test('too many calls in flight are refused', async () => {
  const ref = await remote();
  const waiting = Array.from({ length: 8 }, () => ref.ask('wait', null).catch((error) => error.code));
  await expect(ref.ask('sum', null)).rejects.toMatchObject({ code: 'E_BUSY' });
  ref.close();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['E_ACTOR_DOWN']));
  await until(() => cancelled === 8);
});

test('the end of the stream is the death of what was behind the ref', async () => {
  const ref = await remote();
  const died: number[] = [];
  ref.onDown((epoch) => died.push(epoch));
  const waiting = ref.ask('wait', null);
  const failed = expect(waiting).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
  await ref.ask('sum', null);
  served[0]!.destroy();
  await failed;
  await expect(waiting).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
  expect(died).toEqual([1]);
  expect(ref.tell('add', 1)).toBe(false);
  await until(() => cancelled === 1);
});

test('nobody there: the connection is refused, and the ref with it', async () => {
  const socket = dial();
  await once(socket, 'connect');
  const pending = connectOverSocket(contract, socket, systemClock);
  socket.destroy();
  await expect(pending).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
});

const limit = 1 << 20;
test.each([
  ['no msgpack', withLength(Buffer.from([0xc1]))],
  ['no frame', packBody({ hello: 1 }, limit)],
  ['a kind there is not', packBody([99, 1], limit)],
  ['a message there is not', packBody([FRAME.ask, 1, 77, null, 1], limit)],
  ['an ask of a tell', packBody([FRAME.ask, 1, 0, 1, 1], limit)],
  ['a frame above the limit', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ['more tells than there is credit', packBody([FRAME.tells, 0, new Array(9).fill(1)], limit)],
  ['an id in use', Buffer.concat([4, 4].map((id) => packBody([FRAME.ask, id, 5, null, 60_000], limit)))],
])('%s ends the stream, and nothing else', async (_, bytes) => {
  const friend = await remote();
  const socket = dial();
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.on('data', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  expect(crashes).toEqual([]);
  expect(await friend.ask('double', 21n)).toBe(42n);
  friend.close();
});

test('any value is a frame that a link understands, or none', () => {
  const frames = fc.oneof(fc.anything(), fc.array(fc.oneof(fc.nat(10), fc.anything()), { maxLength: 6 }));
  fc.assert(
    fc.property(frames, (value) => {
      const frame = checkFrame(value);
      if (frame !== null) expect(Object.values(FRAME)).toContain(frame[0]);
    }),
    { numRuns: 2_000 },
  );
});

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClientSession, type RunCall } from '../../../src/actors/control/client-session.ts';
import { failure } from '../../../src/errors.ts';
import { systemClock } from '../../../src/supervisor/contract/clock.ts';
import { createLog } from '../../../src/supervisor/observe/log.ts';
import { until } from '../../supervisor/two-actors.ts';
import { RawClient } from './raw-client.ts';

let folder: string;
let server: Server;
let session: ClientSession;
let client: RawClient;
const cancelled: string[] = [];

/** Calls that do what their op says. */
const run: RunCall = (request, signal, item) => {
  if (request.op === 'wait') {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        cancelled.push((signal.reason as Error).message);
        reject(signal.reason);
      });
    });
  }
  if (request.op === 'count') {
    for (let n = 1; n <= 3; n++) item({ n });
    return Promise.resolve({ end: { counted: 3 } });
  }
  if (request.op === 'bug') return Promise.reject(new TypeError('secret detail'));
  if (request.op === 'bigint') return Promise.resolve({ ok: { size: 1n } });
  return Promise.reject(failure('E_NOT_FOUND', 'no such thing', { subject: request.op }));
};

beforeEach(async () => {
  cancelled.length = 0;
  folder = await mkdtemp(join(tmpdir(), 'granary-session-'));
  const path = join(folder, 's');
  server = createServer().listen(path);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  client = await RawClient.connect(path);
  const [socket] = await accepted;
  session = new ClientSession(socket, { run, clock: systemClock, log: createLog('silent', {}) });
});
afterEach(async () => {
  client.destroy();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const call = (id: number, op: string) => client.send({ v: 1, id, op, body: {} });

test('a stream is its items in order, then its end', async () => {
  call(1, 'count');
  expect(await client.answer(1)).toEqual({ id: 1, end: { counted: 3 } });
  expect(client.answers.map((answer) => answer.item)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, undefined]);
});

test('an expected failure is told whole, a bug of ours only as one', async () => {
  call(1, 'thing');
  expect(await client.answer(1)).toMatchObject({
    err: { code: 'E_NOT_FOUND', message: 'no such thing', subject: 'thing' },
  });
  call(2, 'bug');
  const { err } = await client.answer(2);
  expect(err).toMatchObject({ code: 'E_INTERNAL' });
  expect(JSON.stringify(err)).not.toContain('secret detail');
});

test('a big integer is a bug of ours, never a frame', async () => {
  call(1, 'bigint');
  expect(await client.answer(1)).toMatchObject({ err: { code: 'E_INTERNAL' } });
});

test('a cancelled call ends with E_ABORTED, and its id is free again', async () => {
  call(1, 'wait');
  client.send({ v: 1, id: 1, op: 'cancel' });
  expect(await client.answer(1)).toMatchObject({ err: { code: 'E_ABORTED' } });
  expect(cancelled).toEqual(['cancelled by the client']);
  client.answers.length = 0;
  call(1, 'count');
  expect(await client.answer(1)).toMatchObject({ end: { counted: 3 } });
});

test('cancelling what does not run is nothing', async () => {
  client.send({ v: 1, id: 5, op: 'cancel' });
  call(6, 'count');
  expect(await client.answer(6)).toMatchObject({ end: { counted: 3 } });
});

test('an id that is under way twice ends the connection', async () => {
  call(1, 'wait');
  call(1, 'wait');
  await client.closed();
  await until(() => cancelled.length === 1);
});

test('a vanished client cancels its calls', async () => {
  call(1, 'wait');
  call(2, 'wait');
  call(3, 'count');
  await client.answer(3);
  client.destroy();
  await until(() => cancelled.length === 2);
  expect(cancelled).toEqual(['the client is gone', 'the client is gone']);
});

test('calls beyond the bound are refused at once', async () => {
  for (let id = 1; id <= 33; id++) call(id, 'wait');
  expect(await client.answer(33)).toMatchObject({ err: { code: 'E_BUSY' } });
});

test('an ending session answers what runs, then hangs up', async () => {
  call(1, 'wait');
  call(2, 'count');
  await client.answer(2);
  await session.end('the node stops');
  expect(await client.answer(1)).toMatchObject({
    err: { code: 'E_ACTOR_DOWN', message: 'the node stops' },
  });
  await client.closed();
});

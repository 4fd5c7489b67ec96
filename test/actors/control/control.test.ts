import { mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NodeClient } from '../../../src/cli/client.ts';
import { API_VERSION, MAX_REQUEST_FRAME } from '../../../src/control-link/limits.ts';
import { controlFile, runFolder } from '../../../src/settings/run-folder.ts';
import { withLength } from '../../../src/supervisor/link/frame-splitter.ts';
import { until } from '../../supervisor/two-actors.ts';
import { type ControlTree, controlTree } from './control-tree.ts';
import { RawClient } from './raw-client.ts';

let tree: ControlTree;
beforeEach(async () => {
  tree = await controlTree({ maxClients: 4 });
});
afterEach(async () => {
  await tree.close();
});

/** The node answers somebody new, and it is still the same life. */
async function stillServes(): Promise<void> {
  const client = await RawClient.connect(tree.socket);
  client.send({ v: 1, id: 1, op: 'subs', body: {} });
  // The store is not part of this tree: that it is down is an answer.
  expect(await client.answer(1)).toMatchObject({ err: { code: 'E_ACTOR_DOWN' } });
  client.destroy();
  await client.closed();
  expect(tree.restarts).toEqual([]);
}

describe('run files', () => {
  test('the control file says where to go, and nobody else may read it', async () => {
    const facts = JSON.parse(await readFile(controlFile(tree.home), 'utf8')) as unknown;
    expect(facts).toEqual({ pid: process.pid, socket: tree.socket, version: '0.0.1', api: API_VERSION });
    const modes = [controlFile(tree.home), tree.socket, runFolder(tree.home)].map(async (path) => {
      return (await stat(path)).mode & 0o777;
    });
    expect(await Promise.all(modes)).toEqual([0o600, 0o600, 0o700]);
  });

  test('both are gone after a stop', async () => {
    await tree.supervisor.stop();
    await expect(stat(controlFile(tree.home))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(stat(tree.socket)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('what a killed life left in the place of the socket is replaced', async () => {
    const home = await mkdtemp(join(tmpdir(), 'granary-control-'));
    await mkdir(runFolder(home), { mode: 0o755 });
    await writeFile(join(runFolder(home), 'control.sock'), '');
    const second = await controlTree({ home });
    expect((await stat(second.socket)).isSocket()).toBe(true);
    expect((await stat(runFolder(home))).mode & 0o777).toBe(0o700);
    await second.close();
  });
});

describe('calls', () => {
  test('the client of the commands is answered, and told what failed', async () => {
    const client = await NodeClient.connect(tree.home);
    await expect(client.call('search', { query: 'x' })).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
    expect(await client.call('stop', {})).toEqual({ pid: process.pid });
    await until(() => tree.stops() === 1);
    client.close();
    await client.closed;
  });

  test.each([
    ['an unknown operation', { v: 1, id: 1, op: 'format-disk', body: {} }, 'E_USAGE'],
    ['a name from the prototype', { v: 1, id: 1, op: 'constructor', body: {} }, 'E_USAGE'],
    ['a body of another form', { v: 1, id: 1, op: 'search', body: { query: 7 } }, 'E_USAGE'],
    ['a member too many', { v: 1, id: 1, op: 'subs', body: { all: true } }, 'E_USAGE'],
    ['a body that is no map', { v: 1, id: 1, op: 'search', body: [] }, 'E_USAGE'],
    ['another major version', { v: 2, id: 1, op: 'subs', body: {} }, 'E_API_MISMATCH'],
  ])('%s is refused, and the connection goes on', async (_name, request, code) => {
    const client = await RawClient.connect(tree.socket);
    client.send(request);
    expect(await client.answer(1)).toMatchObject({ id: 1, err: { code } });
    client.send({ v: 1, id: 2, op: 'stop', body: {} });
    expect(await client.answer(2)).toMatchObject({ ok: { pid: process.pid } });
    client.destroy();
  });

  test('a reload is asked of the main thread, and what it says is the answer', async () => {
    const client = await NodeClient.connect(tree.home);
    expect(await client.call('settings', {})).toEqual({ values: [] });
    await expect(client.call('reload', {})).rejects.toMatchObject({ code: 'E_NO_SETTINGS' });
    client.close();
    const result = { applied: ['network.bootstrap'], needs_restart: [], unchanged: 3 };
    const other = await controlTree({ reload: async () => result });
    const second = await NodeClient.connect(other.home);
    expect(await second.call('reload', {})).toEqual(result);
    second.close();
    await other.close();
  });

  test('a request that comes in pieces is understood', async () => {
    const client = await RawClient.connect(tree.socket);
    client.socket.setNoDelay(true);
    const frame = withLength(Buffer.from([0x84, 0xa1, 0x76, 1, 0xa2, 0x69, 0x64, 9, 0xa2, 0x6f, 0x70]));
    // {v: 1, id: 9, op: 'stop', body: {}} by hand, so that the codec is not its own witness.
    const rest = Buffer.from([0xa4, ...Buffer.from('stop'), 0xa4, ...Buffer.from('body'), 0x80]);
    const whole = Buffer.concat([frame, rest]);
    whole.writeUInt32BE(whole.length - 4, 0);
    for (const byte of whole) client.bytes(Uint8Array.of(byte));
    expect(await client.answer(9)).toEqual({ id: 9, ok: { pid: process.pid } });
    client.destroy();
  });

  test('clients beyond the limit are not served', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(tree.socket)));
    const extra = await RawClient.connect(tree.socket);
    await extra.closed();
    for (const client of clients) client.destroy();
    await Promise.all(clients.map((client) => client.closed()));
  });
});

describe('hostile bytes end the connection and nothing else', () => {
  test.each([
    ['a length above the limit', u32(MAX_REQUEST_FRAME + 1)],
    ['the longest length', u32(0xffff_ffff)],
    ['an empty frame', u32(0)],
    ['no msgpack', withLength(Buffer.from([0xc1]))],
    ['a number instead of a map', withLength(Buffer.from([0x07]))],
    ['an array of four billion members', withLength(Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]))],
    ['a deep nest', withLength(Buffer.alloc(4096, 0x91))],
    ['an extension type', withLength(Buffer.from([0xd4, 0x01, 0x00]))],
    [
      'a map with __proto__',
      withLength(Buffer.concat([Buffer.from([0x81, 0xa9]), Buffer.from('__proto__'), Buffer.from([0x80])])),
    ],
    ['a request cut short', withLength(Buffer.from([0x84, 0xa1, 0x76]))],
    ['bytes after the request', withLength(Buffer.from([0x80, 0x80]))],
  ])('%s', async (_name, bytes) => {
    const client = await RawClient.connect(tree.socket);
    client.bytes(bytes);
    await client.closed();
    await stillServes();
  });

  test('random frames and random bytes', async () => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map((body) => new Uint8Array(withLength(body))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 5 }), async (parts) => {
        const client = await RawClient.connect(tree.socket);
        for (const part of parts) client.bytes(part);
        // Half a frame keeps the connection open for its deadline: hang up ourselves.
        client.socket.end();
        await client.closed();
      }),
      { numRuns: 60, seed: 20_260_101 },
    );
    await stillServes();
  });
});

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

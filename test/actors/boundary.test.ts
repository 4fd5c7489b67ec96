import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contracts } from '../../src/actors/contracts.ts';
import { systemClock } from '../../src/supervisor/contract/clock.ts';
import type { AskSpec, Contract, TellSpec } from '../../src/supervisor/contract/contract.ts';
import { portLink } from '../../src/supervisor/link/port-link.ts';
import { Caller } from '../../src/supervisor/runtime/caller.ts';
import { Deadlines } from '../../src/supervisor/runtime/deadlines.ts';
import { connectOverSocket, serveOverSocket } from '../../src/supervisor/runtime/socket-conversation.ts';
import { mirror } from './boundary/mirror.ts';
import type { AnySample, SamplesOf } from './boundary/sample-types.ts';
import { samples } from './boundary/samples.ts';

/** The ref without its types: the table is a list here. */
interface AnyRef {
  ask(name: string, request: unknown): Promise<unknown>;
  tell(name: string, message: unknown): boolean;
  stream(name: string, request: unknown): AsyncIterable<unknown>;
}

const names = Object.keys(contracts) as (keyof typeof contracts)[];
const table = names.flatMap((actor) =>
  Object.entries(samples[actor] as Readonly<Record<string, AnySample>>).map(
    ([message, sample]) => [actor, message, sample] as const,
  ),
);

/** Sends the sample and looks at what comes back. The mirror refuses a request that arrived changed. */
async function cross(ref: AnyRef, actor: string, message: string, sample: AnySample): Promise<void> {
  const spec = contracts[actor as keyof typeof contracts].messages[message as never] as { kind: string };
  if (spec.kind === 'ask') {
    const reply = await ref.ask(message, sample.request);
    expect(isDeepStrictEqual(reply, sample.reply)).toBe(true);
  } else if (spec.kind === 'tell') {
    expect(ref.tell(message, sample.message)).toBe(true);
  } else {
    const items: unknown[] = [];
    for await (const item of ref.stream(message, sample.request)) items.push(item);
    expect(isDeepStrictEqual(items, sample.items)).toBe(true);
    expect(items.length).toBeGreaterThan(0);
  }
}

describe('through a worker', () => {
  let worker: Worker;
  const refs = new Map<string, AnyRef>();
  beforeAll(async () => {
    const ports = names.map((name) => [name, new MessageChannel()] as const);
    worker = new Worker(new URL('./boundary/mirror-worker.ts', import.meta.url), {
      workerData: { ports: Object.fromEntries(ports.map(([name, { port2 }]) => [name, port2])) },
      transferList: ports.map(([, { port2 }]) => port2),
    });
    const deadlines = new Deadlines(systemClock);
    for (const [name, { port1 }] of ports) {
      const caller = new Caller(contracts[name] as unknown as Contract, deadlines);
      caller.bind(portLink(port1), 1, { credit: 64 });
      refs.set(name, caller as unknown as AnyRef);
    }
  });
  afterAll(async () => {
    await worker.terminate();
  });

  test.each(table.filter(([, message]) => message !== 'adopt'))('%s.%s', async (actor, message, sample) => {
    await cross(refs.get(actor)!, actor, message, sample);
  });

  test('transport.adopt, with a connection that nobody has read from', async () => {
    const server = createServer({ pauseOnConnect: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const client = connect(port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    const { request, reply } = samples.transport.adopt;
    expect(await refs.get('transport')!.ask('adopt', { ...request, socket })).toEqual(reply);
    const [data] = (await once(client, 'data')) as [Buffer];
    expect(data.toString()).toBe('adopted');
    client.destroy();
    server.close();
  });
});

describe('through a socket', () => {
  const path = join(tmpdir(), `granary-boundary-${process.pid}.sock`);
  let server: Server;
  const refs = new Map<string, AnyRef & { close(): void }>();
  const crashes: unknown[] = [];
  let serving = 0;
  beforeAll(async () => {
    server = createServer((socket) => {
      const contract = contracts[names[serving++]!] as unknown as Contract;
      const crash = (error: unknown) => crashes.push(error);
      serveOverSocket(contract, mirror(contract), socket, { clock: systemClock, budget: 64, crash });
    });
    server.listen(path);
    await once(server, 'listening');
    for (const name of names) {
      const ref = await connectOverSocket(contracts[name] as unknown as Contract, connect(path), systemClock);
      refs.set(name, ref as never);
    }
  });
  afterAll(async () => {
    for (const ref of refs.values()) ref.close();
    server.close();
    await rm(path, { force: true });
  });

  test.each(table.filter(([, , sample]) => !sample.portOnly))('%s.%s', async (actor, message, sample) => {
    await cross(refs.get(actor)!, actor, message, sample);
    expect(crashes).toEqual([]);
  });

  test('what is for ports only is refused, not sent empty', async () => {
    expect(
      table.filter(([, , sample]) => sample.portOnly).map(([actor, message]) => `${actor}.${message}`),
    ).toEqual(['limits.caps', 'store.identity', 'transport.adopt']);
    await expect(refs.get('transport')!.ask('adopt', samples.transport.adopt.request)).rejects.toThrow(
      TypeError,
    );
    // Here it is the reply that cannot cross: a bug of the one who answers, and its caller is told so.
    await expect(refs.get('store')!.ask('identity', null)).rejects.toMatchObject({ code: 'E_ACTOR_CRASHED' });
    expect(String(crashes.splice(0)[0])).toContain('KeyObject cannot cross a socket');
  });
});

test('a table that lacks a message does not compile', () => {
  type Two = { here: AskSpec<null, number>; lacking: TellSpec<null> };
  // @ts-expect-error
  const table: SamplesOf<Two> = { here: { request: null, reply: 1 } };
  expect(Object.keys(table)).toEqual(['here']);
});

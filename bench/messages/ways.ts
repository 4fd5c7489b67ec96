import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Endpoint, Remote } from 'comlink';
import { Piscina } from 'piscina';
import { createLog } from '../../src/supervisor/observe/log.ts';
import { siblingModule } from '../../src/supervisor/tree/module-url.ts';
import { Supervisor } from '../../src/supervisor/tree/supervisor.ts';
import { BATCH, type Body, body } from './body.ts';
import { echoContract } from './contracts.ts';

/** One way to have another thread answer. What a way cannot do it leaves out. */
export interface Way {
  readonly name: string;
  trip(n: number): Promise<unknown>;
  /** `BATCH` calls at once, as fast as this way knows how. */
  trips(from: number): Promise<unknown>;
  /** `count` messages one way, and the word that they arrived. */
  tells?(count: number): Promise<void>;
  items?(count: number): Promise<void>;
  close(): Promise<unknown>;
}

const here = (path: string) => siblingModule(import.meta.url, path);
const each = <T>(from: number, call: (message: Body) => T): T[] =>
  Array.from({ length: BATCH }, (_, i) => call(body(from + i)));

export async function actorWay(): Promise<Way & { noted(): Promise<number> }> {
  const supervisor = new Supervisor(
    {
      contracts: here('./contracts'),
      intensity: 0,
      periodMs: 1_000,
      children: [{ contract: echoContract, module: here('./echo'), config: {} }],
    },
    { log: createLog('silent', {}), logLevel: 'silent' },
  );
  await supervisor.start();
  const echo = supervisor.ref(echoContract);
  return {
    name: 'actor',
    trip: (n) => echo.ask('echo', body(n)),
    trips: (from) => Promise.all(each(from, (message) => echo.ask('echo', message))),
    async tells(count) {
      for (let n = 0; n < count; n++) while (!echo.tell('note', body(n))) await echo.ready();
      await echo.ask('noted', null);
    },
    async items(count) {
      for await (const item of echo.stream('count', { to: count })) void item;
    },
    noted: () => echo.ask('noted', null),
    close: () => supervisor.stop(),
  };
}

/** The limit: a bare port. Batches are arrays, by hand. */
export async function rawWay(): Promise<Way> {
  const worker = new Worker(here('./raw-echo'));
  await once(worker, 'online');
  const answer = async (message: unknown) => {
    worker.postMessage(message);
    await once(worker, 'message');
  };
  return {
    name: 'raw',
    trip: (n) => answer(body(n)),
    trips: (from) => answer({ echo: each(from, (message) => message) }),
    async tells(count) {
      for (let n = 0; n < count; n += BATCH) {
        worker.postMessage(each(n, (message) => message));
        // The other side must keep up, as under credit: a pause every few thousand messages.
        if (n % (BATCH * 32) === 0) await answer('noted');
      }
      await answer('noted');
    },
    close: () => worker.terminate(),
  };
}

export async function piscinaWay(): Promise<Way> {
  const pool = new Piscina({
    filename: here('./piscina-echo').href,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: BATCH,
  });
  return {
    name: 'piscina',
    trip: (n) => pool.run(body(n)),
    trips: (from) => Promise.all(each(from, (message) => pool.run(message))),
    close: () => pool.destroy(),
  };
}

/** Null where comlink is not installed: it is no dependency of the package. */
export async function comlinkWay(): Promise<Way | null> {
  let comlink: typeof import('comlink');
  let nodeEndpoint: (worker: Worker) => Endpoint;
  try {
    comlink = await import('comlink');
    // The package's own types know this file by no path that Node resolves.
    const adapter: string = 'comlink/dist/umd/node-adapter.js';
    nodeEndpoint = ((await import(adapter)) as { default: typeof nodeEndpoint }).default;
  } catch {
    return null;
  }
  const worker = new Worker(here('./comlink-echo'));
  const remote: Remote<{ echo(message: Body): Body }> = comlink.wrap(nodeEndpoint(worker));
  return {
    name: 'comlink',
    trip: (n) => remote.echo(body(n)),
    trips: (from) => Promise.all(each(from, (message) => remote.echo(message))),
    close: () => worker.terminate(),
  };
}

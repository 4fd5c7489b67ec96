import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createLog } from '../src/supervisor/observe/log.ts';
import { siblingModule } from '../src/supervisor/tree/module-url.ts';
import { mainService, Supervisor } from '../src/supervisor/tree/supervisor.ts';
import type { Bench } from './bench.ts';
import { echoContract, idleContract } from './messages/contracts.ts';
import { medians, round } from './statistics.ts';

/** One-way messages a run; a tenth of it as lone round trips. */
const DEFAULT_SIZE = 200_000;
/** What the design compares with: a bare port with messages batched by this many. */
const RAW_BATCH = 64;
const body = (n: number) => ({ n, id: '4a1f9c27e05d' });

/** Tells, asks and streams between two threads, beside the bare MessagePort. Size: messages. */
const messages: Bench = {
  name: 'messages',
  async run({ size = DEFAULT_SIZE, repeat = 5, log }) {
    const supervisor = echoTree();
    await supervisor.start();
    const raw = new Worker(siblingModule(import.meta.url, './messages/raw-echo'));
    await once(raw, 'online');
    const echo = supervisor.ref(echoContract);
    const trips = Math.max(100, Math.floor(size / 20));
    const runs: Record<string, number | string>[] = [];
    let told = 0;
    for (let run = 0; run < repeat; run++) {
      const figures = {
        tells_per_second: await perSecond(size, async () => {
          for (let n = 0; n < size; n++) {
            while (!echo.tell('note', body(n))) await echo.ready();
          }
          await echo.ask('noted', null);
        }),
        raw_batched_per_second: await perSecond(size, () => rawBatches(raw, size)),
        asks_parallel_per_second: await perSecond(size / 4, async () => {
          for (let n = 0; n < size / 4; n += RAW_BATCH) {
            await Promise.all(Array.from({ length: RAW_BATCH }, (_, i) => echo.ask('echo', body(n + i))));
          }
        }),
        items_per_second: await perSecond(size / 4, async () => {
          for await (const item of echo.stream('count', { to: size / 4 })) void item;
        }),
        ask_p50_us: await p50(trips, (n) => echo.ask('echo', body(n))),
        raw_p50_us: await p50(trips, async (n) => {
          raw.postMessage(body(n));
          await once(raw, 'message');
        }),
      };
      told += size;
      runs.push(figures);
      log(
        `run ${run + 1}: ${Object.entries(figures)
          .map(([name, value]) => `${name} ${round(value)}`)
          .join(', ')}`,
      );
    }
    const noted = await echo.ask('noted', null);
    await raw.terminate();
    await supervisor.stop();
    const median = medians(runs);
    return {
      runs,
      median,
      beside: [
        {
          name: `raw postMessage, batched by ${RAW_BATCH}, one way`,
          value: median.raw_batched_per_second!,
          ratio: round(median.tells_per_second! / median.raw_batched_per_second!),
        },
        {
          name: 'raw postMessage, lone round trip (us)',
          value: median.raw_p50_us!,
          ratio: round(median.ask_p50_us! / median.raw_p50_us!),
        },
      ],
      checks: [{ name: 'every tell arrived', ok: noted === told }],
    };
  },
};
export default messages;

function echoTree(): Supervisor {
  return new Supervisor(
    {
      contracts: siblingModule(import.meta.url, './messages/contracts'),
      intensity: 0,
      periodMs: 1_000,
      children: [
        { contract: echoContract, module: siblingModule(import.meta.url, './messages/echo'), config: {} },
      ],
    },
    {
      log: createLog('silent', {}),
      logLevel: 'silent',
      events: { actorRestarted: () => {}, gaveUp: () => {} },
      service: mainService(idleContract, {}),
    },
  );
}

async function rawBatches(raw: Worker, size: number): Promise<void> {
  for (let n = 0; n < size; n += RAW_BATCH) {
    raw.postMessage(Array.from({ length: RAW_BATCH }, (_, i) => body(n + i)));
    // The other side must keep up, as under credit: a pause every few thousand messages.
    if (n % (RAW_BATCH * 32) === 0) await rawNoted(raw);
  }
  await rawNoted(raw);
}

async function rawNoted(raw: Worker): Promise<void> {
  raw.postMessage('noted');
  await once(raw, 'message');
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return (count / (performance.now() - from)) * 1000;
}

async function p50(count: number, trip: (n: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const from = performance.now();
    await trip(n);
    times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b)[count >> 1]! * 1000;
}

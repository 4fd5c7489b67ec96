import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createLog } from '../../src/supervisor/observe/log.ts';
import { siblingModule } from '../../src/supervisor/tree/module-url.ts';
import { Supervisor } from '../../src/supervisor/tree/supervisor.ts';
import { passerContract, takerContract } from './slot-contracts.ts';

/** What goes there and back. */
export const HANDED_BYTES = 256 * 1024;

/** One way to let another thread have 256 KiB to change and give back. */
export interface HandOver {
  readonly name: string;
  /** So many times there and back, each side changing a byte; the time of each in milliseconds. */
  trips(count: number): Promise<readonly number[]>;
  /** Changes by both sides so far, as the bytes themselves tell. */
  changes(): Promise<number>;
  close(): Promise<unknown>;
}

const here = (path: string) => siblingModule(import.meta.url, path);

/** A slot of the slab between two actors. */
async function slotWay(): Promise<HandOver> {
  const supervisor = new Supervisor(
    {
      contracts: here('./slot-contracts'),
      slab: { slots: 4, slotBytes: HANDED_BYTES },
      intensity: 0,
      periodMs: 1_000,
      children: [
        { contract: takerContract, module: here('./slot-taker'), config: {} },
        { contract: passerContract, module: here('./slot-passer'), config: {} },
      ],
    },
    { log: createLog('silent', {}), logLevel: 'silent' },
  );
  await supervisor.start();
  const passer = supervisor.ref(passerContract);
  return {
    name: 'actor',
    trips: (count) => passer.ask('pass', { count }, { deadlineMs: 600_000 }),
    changes: () => passer.ask('changes', null),
    close: () => supervisor.stop(),
  };
}

/** A bare port: the buffer moves, or is copied each way. */
async function portWay(name: string, moves: boolean): Promise<HandOver> {
  const worker = new Worker(here('./raw-buffer'), { workerData: { moves } });
  await once(worker, 'online');
  let bytes = new Uint8Array(HANDED_BYTES);
  return {
    name,
    async trips(count) {
      const times: number[] = [];
      for (let trip = 0; trip < count; trip++) {
        const from = performance.now();
        change(bytes);
        worker.postMessage(bytes, moves ? [bytes.buffer] : []);
        [bytes] = (await once(worker, 'message')) as [Uint8Array<ArrayBuffer>];
        times.push(performance.now() - from);
      }
      return times;
    },
    changes: async () => count(bytes),
    close: () => worker.terminate(),
  };
}

/** Adds one to the number in the first eight bytes, and touches the last. */
export function change(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setFloat64(0, view.getFloat64(0) + 1);
  bytes[bytes.length - 1]! ^= 1;
}
const count = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);

export const handOvers = async (): Promise<readonly HandOver[]> => [
  await slotWay(),
  await portWay('transfer', true),
  await portWay('clone', false),
];

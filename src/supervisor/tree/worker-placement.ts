import { MessageChannel, type MessagePort, type ResourceLimits, Worker } from 'node:worker_threads';
import type { ErrorRecord } from '../contract/actor-error.ts';
import { createLog } from '../observe/log.ts';
import type { ActorBirth, ControlMessage, WorkerReport } from '../runtime/control.ts';
import { siblingModule } from './module-url.ts';
import type { Life, LifeEvents, Placement } from './placement.ts';

/** Every life on a worker thread of its own. */
export const workerPlacement: Placement = {
  ahead: true,
  channel: () => new MessageChannel(),
  spawn: (birth, limits, events) => workerLife(birth, limits, events),
};

function workerLife(birth: ActorBirth, limits: ResourceLimits | undefined, events: LifeEvents): Life {
  const entry = birth.worker
    ? new URL(birth.worker)
    : siblingModule(import.meta.url, '../runtime/worker-entry');
  const worker = new Worker(entry, {
    name: birth.id,
    stdin: false,
    workerData: birth,
    ...(limits && { resourceLimits: limits }),
  });
  let alive = true;
  let outOfMemory = false;
  let thrown: ErrorRecord | null = null;
  const log = createLog(birth.logLevel, { actor: birth.name, member: birth.member });
  worker.on('message', (report: WorkerReport) => {
    if (report.type !== 'logged') return events.report(report);
    const { level, fields, message } = report.line;
    log[level](fields, message);
  });
  worker.on('error', (error: Error & { code?: string }) => {
    outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    thrown ??= { code: error.code ?? error.name, message: error.message };
  });
  worker.on('exit', (code) => {
    alive = false;
    events.exited({ code, outOfMemory, error: thrown });
  });
  return {
    get threadId() {
      return alive ? worker.threadId : null;
    },
    send(message: ControlMessage) {
      worker.postMessage(message, 'port' in message ? [message.port as MessagePort] : []);
    },
    terminate: () => void worker.terminate(),
    loop: () => worker.performance.eventLoopUtilization(),
    async memory() {
      try {
        const { used_heap_size: heap, external_memory: external } = await worker.getHeapStatistics();
        return heap + external;
      } catch {
        return 0;
      }
    },
  };
}

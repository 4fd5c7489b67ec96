import { Worker } from 'node:worker_threads';
import type { ErrorRecord } from '../contract/actor-error.ts';
import { metricsMemory } from '../memory/metrics-page.ts';
import type { LogLevel } from '../observe/log.ts';
import type { ControlMessage, ControlReport, UseSpec } from '../runtime/control.ts';
import { siblingModule } from './module-url.ts';
import type { ChildSpec } from './tree-spec.ts';

export type ChildState = 'idle' | 'starting' | 'up' | 'stopping' | 'down';
export type DeathCause = 'crash' | 'memory' | 'exit' | 'start-timeout';

export interface Death {
  readonly cause: DeathCause;
  readonly error: ErrorRecord | null;
}

/** One place in the tree: an actor, or one member of a group, over all its lives. */
export class Child {
  readonly spec: ChildSpec;
  readonly name: string;
  readonly member: number;
  /** Unique in the tree: `store`, `transport/0`. */
  readonly id: string;
  readonly metrics: SharedArrayBuffer;
  state: ChildState = 'idle';
  epoch = 0;
  restarts = 0;
  #worker: Worker | null = null;
  #lastError: ErrorRecord | null = null;
  #timedOut = false;

  constructor(spec: ChildSpec, member: number) {
    this.spec = spec;
    this.name = spec.contract.name;
    this.member = member;
    this.id = spec.members === undefined ? this.name : `${this.name}/${member}`;
    this.metrics = metricsMemory(spec.contract.metrics);
  }

  /** Makes the worker. Control messages may be sent from here on; `start` is one of them. */
  spawn(
    options: { uses: readonly UseSpec[]; contracts: URL; logLevel: LogLevel },
    events: { report(report: ControlReport): void; exited(death: Death): void },
  ): void {
    this.epoch++;
    this.state = 'starting';
    this.#lastError = null;
    this.#timedOut = false;
    // A mailbox count of a dead life means nothing in the next one.
    new Float64Array(this.metrics)[0] = 0;
    const worker = new Worker(siblingModule(import.meta.url, '../runtime/worker-entry'), {
      name: this.id,
      stdin: false,
      workerData: {
        module: this.spec.module.href,
        contracts: options.contracts.href,
        name: this.name,
        member: this.member,
        epoch: this.epoch,
        config: this.spec.config,
        uses: options.uses,
        metrics: this.metrics,
        logLevel: options.logLevel,
      },
    });
    this.#worker = worker;
    let outOfMemory = false;
    worker.on('message', (report: ControlReport) => {
      if (report.type === 'crashed' || report.type === 'failed') this.#lastError = report.error;
      events.report(report);
    });
    worker.on('error', (error: Error & { code?: string }) => {
      outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#lastError ??= { code: error.code ?? error.name, message: error.message };
    });
    worker.on('exit', () => {
      this.#worker = null;
      const cause = outOfMemory
        ? 'memory'
        : this.#timedOut
          ? 'start-timeout'
          : this.#lastError
            ? 'crash'
            : 'exit';
      events.exited({ cause, error: this.#lastError });
    });
  }

  send(message: ControlMessage): void {
    const moved = 'port' in message ? [message.port] : [];
    this.#worker?.postMessage(message, moved);
  }

  /** Cuts the worker. Its `exit` follows. */
  terminate(reason: 'start-timeout' | 'shutdown'): void {
    if (reason === 'start-timeout') this.#timedOut = true;
    void this.#worker?.terminate();
  }

  get threadId(): number | null {
    return this.#worker?.threadId ?? null;
  }

  /** Share of the time since the last call that the loop was busy, 0..1. */
  utilisation(): number {
    const worker = this.#worker;
    if (!worker) return 0;
    const now = worker.performance.eventLoopUtilization();
    const since = worker.performance.eventLoopUtilization(now, this.#seen ?? undefined);
    this.#seen = now;
    return since.utilization;
  }

  #seen: ReturnType<Worker['performance']['eventLoopUtilization']> | null = null;
}

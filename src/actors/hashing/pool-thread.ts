import { Piscina } from 'piscina';
import type { PoolResult, PoolTask } from './pool-task.ts';

/** Tasks with one thread at a time: it works on one while the next is on its way. */
export const DEPTH = 2;

/**
 * One thread of the pool. A whole-file hash lives on the thread that began it, so tasks have to reach that very
 * thread; piscina promises that for a pool of one, which it also makes anew when its thread dies.
 */
export class PoolThread {
  readonly index: number;
  /** Tasks under way. */
  load = 0;
  /** A task that has the thread for itself is under way. */
  alone = false;
  /** It ends with what it has begun. */
  leaving = false;
  readonly #piscina: Piscina<PoolTask, PoolResult>;
  #closing = false;

  constructor(index: number, module: URL, onDeath: () => void) {
    this.index = index;
    this.#piscina = new Piscina({
      filename: module.href,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: DEPTH,
      // The actor counts what it needs.
      recordTiming: false,
    });
    this.#piscina.on('workerDestroy', () => {
      if (!this.#closing) onDeath();
    });
    // A thread that dies idle has no task to tell it by; `workerDestroy` has counted it.
    this.#piscina.on('error', () => {});
  }

  /** Rejects when the thread dies of the task, or throws, which it never should. */
  run(task: PoolTask): Promise<PoolResult> {
    return this.#piscina.run(task);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#piscina.destroy();
  }
}

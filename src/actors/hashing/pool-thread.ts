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
  /** Begun with the first task: a node that hashes nothing has no such thread. */
  #piscina: Piscina<PoolTask, PoolResult> | null = null;
  readonly #module: URL;
  readonly #onDeath: () => void;
  #closing = false;

  constructor(index: number, module: URL, onDeath: () => void) {
    this.index = index;
    this.#module = module;
    this.#onDeath = onDeath;
  }

  /** Rejects when the thread dies of the task, or throws, which it never should. */
  run(task: PoolTask): Promise<PoolResult> {
    this.#piscina ??= this.#begin();
    return this.#piscina.run(task);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#piscina?.destroy();
  }

  #begin(): Piscina<PoolTask, PoolResult> {
    const piscina = new Piscina<PoolTask, PoolResult>({
      filename: this.#module.href,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: DEPTH,
      // The actor counts what it needs.
      recordTiming: false,
    });
    piscina.on('workerDestroy', () => {
      if (!this.#closing) this.#onDeath();
    });
    // A thread that dies idle has no task to tell it by; `workerDestroy` has counted it.
    piscina.on('error', () => {});
    return piscina;
  }
}

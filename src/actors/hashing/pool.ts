import type { PoolResult, PoolTask } from './pool-task.ts';
import { DEPTH, PoolThread } from './pool-thread.ts';

/** A task a job wants done, and what it does with the answer. Exactly one of the two is called, once. */
export interface JobStep {
  readonly task: PoolTask;
  /** Nothing else may be with the thread meanwhile: if it dies, it died of this. */
  readonly alone: boolean;
  done(result: PoolResult): void;
  /** The thread died, or threw. */
  lost(cause: unknown): void;
}

export interface PoolJob {
  /**
   * What this thread should do next for the job; null: nothing now. `idle`: it may be asked for a step alone. `leaving`:
   * only for what it alone can go on with.
   */
  next(thread: number, idle: boolean, leaving?: boolean): JobStep | null;
  /** There is something that this thread alone can go on with. */
  needs(thread: number): boolean;
}

export interface PoolOptions {
  readonly threads: number;
  /** The module whose default export answers tasks. */
  readonly module: URL;
  /** Runs what nobody waits for; what it throws is a bug. */
  spawn(work: () => Promise<void>): void;
  onDeath(): void;
}

/**
 * Deals the threads out to the jobs: each free place goes to the next job in turn that has something to do. So a job
 * of a thousand gigabytes and one of a single file get the same share, and the second does not wait for the first.
 */
export class HashingPool {
  #threads: readonly PoolThread[] = [];
  readonly #make: (index: number) => PoolThread;
  /** Numbers of threads are never given twice. */
  #made = 0;
  readonly #spawn: PoolOptions['spawn'];
  readonly #jobs: PoolJob[] = [];
  #turn = 0;
  #closed = false;

  constructor({ threads, module, spawn, onDeath }: PoolOptions) {
    this.#make = (index) => new PoolThread(index, module, onDeath);
    this.#spawn = spawn;
    this.resize(threads);
  }

  /** Without those that are on their way out. */
  get threads(): number {
    return this.#threads.filter(({ leaving }) => !leaving).length;
  }

  /** So many from now on; one that is not wanted any more ends with the files it has begun. */
  resize(threads: number): void {
    const staying = this.#threads.filter(({ leaving }) => !leaving);
    for (const thread of staying.slice(threads)) thread.leaving = true;
    const fresh = Array.from({ length: Math.max(0, threads - staying.length) }, () =>
      this.#make(this.#made++),
    );
    this.#threads = [...this.#threads, ...fresh];
    this.wake();
  }

  /** The same question to every thread, past the jobs. Rejects when one does not come up. */
  all(task: PoolTask): Promise<readonly PoolResult[]> {
    return Promise.all(this.#threads.map((thread) => thread.run(task)));
  }

  /** One task past the jobs, to a thread that may be gone: nobody waits for it. */
  send(thread: number, task: PoolTask): void {
    if (!this.#closed)
      this.#threads
        .find(({ index }) => index === thread)
        ?.run(task)
        .catch(() => {});
  }

  add(job: PoolJob): void {
    this.#jobs.push(job);
    this.wake();
  }

  /** The job is asked for nothing more; what is under way for it is still answered. */
  remove(job: PoolJob): void {
    const place = this.#jobs.indexOf(job);
    if (place >= 0) this.#jobs.splice(place, 1);
    // A thread on its way out may have stayed for it.
    for (const thread of this.#threads) if (thread.leaving) this.#letGo(thread);
  }

  /** A job has something to do that it had not before. */
  wake(): void {
    // One task each before anybody gets a second one.
    for (let depth = 0; depth < DEPTH; depth++) {
      for (const thread of this.#threads) {
        if (thread.load > depth || thread.alone || this.#closed) continue;
        const step = this.#nextFor(thread);
        if (step) this.#run(thread, step);
        else if (thread.leaving) this.#letGo(thread);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #nextFor(thread: PoolThread): JobStep | null {
    const { length } = this.#jobs;
    for (let i = 0; i < length; i++) {
      const place = (this.#turn + i) % length;
      const step = this.#jobs[place]!.next(thread.index, thread.load === 0, thread.leaving);
      if (step === null) continue;
      this.#turn = place + 1;
      return step;
    }
    return null;
  }

  #letGo(thread: PoolThread): void {
    if (thread.load > 0 || this.#jobs.some((job) => job.needs(thread.index))) return;
    this.#threads = this.#threads.filter((each) => each !== thread);
    this.#spawn(() => thread.close());
  }

  #run(thread: PoolThread, step: JobStep): void {
    thread.load++;
    thread.alone = step.alone;
    const settled = () => {
      thread.load--;
      thread.alone = false;
    };
    this.#spawn(async () => {
      let result: PoolResult;
      try {
        result = await thread.run(step.task);
      } catch (error) {
        settled();
        if (this.#closed) return;
        step.lost(error);
        this.wake();
        return;
      }
      settled();
      step.done(result);
      this.wake();
    });
  }
}

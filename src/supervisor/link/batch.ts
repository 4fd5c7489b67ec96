import type { TransferListItem } from 'node:worker_threads';
import type { Frame, RunFrame } from './frame.ts';

/** Bodies after which a batch leaves before the turn ends: the other side works while this one goes on posting. */
const MAX_BATCH = 64;

const SETTLED = Promise.resolve();

/**
 * Gathers the frames of one turn of the event loop into one message: a lone post costs as much as a batch of
 * dozens, nearly all of it waking the other thread.
 */
export class Batch {
  readonly #send: (frames: Frame[], transfer: TransferListItem[]) => void;
  #frames: Frame[] = [];
  #moved: TransferListItem[] = [];
  #size = 0;
  #run: unknown[] | null = null;
  #runKind = -1;
  #runKey = -1;
  #scheduled = false;

  constructor(send: (frames: Frame[], transfer: TransferListItem[]) => void) {
    this.#send = send;
  }

  post(frame: Frame, transfer?: readonly TransferListItem[]): void {
    this.#frames.push(frame);
    this.#run = null;
    this.#added(transfer);
  }

  append(kind: RunFrame[0], key: number, body: unknown, transfer?: readonly TransferListItem[]): void {
    if (this.#run && this.#runKind === kind && this.#runKey === key) {
      this.#run.push(body);
    } else {
      this.#run = [body];
      this.#runKind = kind;
      this.#runKey = key;
      this.#frames.push([kind, key, this.#run] as RunFrame);
    }
    this.#added(transfer);
  }

  flush(): void {
    if (this.#size === 0) return;
    const frames = this.#frames;
    const moved = this.#moved;
    this.#frames = [];
    this.#moved = [];
    this.#run = null;
    this.#size = 0;
    this.#send(frames, moved);
  }

  #added(transfer: readonly TransferListItem[] | undefined): void {
    if (transfer) this.#moved.push(...transfer);
    if (++this.#size >= MAX_BATCH) return this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A microtask would run before the other microtasks of this turn have posted; the tick queued from
    // inside a microtask runs once all of them are done, and still before the loop goes on. A promise's
    // microtask: one from `queueMicrotask` carries an async resource of its own, dearer than the rest of a post.
    void SETTLED.then(this.#afterMicrotasks);
  }

  readonly #afterMicrotasks = (): void => process.nextTick(this.#endOfTurn);

  readonly #endOfTurn = (): void => {
    this.#scheduled = false;
    this.flush();
  };
}

import type { TransferListItem } from 'node:worker_threads';
import { FRAME, type Frame, type FramePort } from '../link/frame.ts';
import type { World } from './world.ts';

/** Who holds an end: deliveries to it wait while it hangs and vanish when it is gone. */
export interface PortHolder {
  readonly name: string;
  readonly state: 'running' | 'hung' | 'dead';
  /** Keeps for later what a hung holder cannot take now. */
  stash(run: () => void): void;
}

const KINDS = Object.keys(FRAME);

/**
 * One end of a channel inside a world: what is posted is cloned, arrives in order, and takes a time of the seed's
 * choosing. It behaves as a MessagePort does, closing included.
 */
export class VirtualPort implements FramePort {
  readonly #world: World;
  readonly #channel: VirtualChannel;
  holder: PortHolder | null = null;
  peer!: VirtualPort;
  #receive: ((frames: readonly Frame[]) => void) | null = null;
  #closed: (() => void) | null = null;
  #early: (readonly Frame[])[] = [];
  #closeArrived = false;
  #lastAt = 0;
  #lastRank = 0;

  constructor(world: World, channel: VirtualChannel) {
    this.#world = world;
    this.#channel = channel;
  }

  postMessage(frames: unknown, transfer: readonly TransferListItem[] = []): void {
    const cloned = structuredClone(frames, { transfer: transfer as never }) as readonly Frame[];
    if (this.#channel.closed) return;
    this.#send(() => this.peer.#deliver(cloned));
  }

  on(event: 'message' | 'close', listener: ((frames: readonly Frame[]) => void) | (() => void)): void {
    if (event === 'close') {
      this.#closed = listener as () => void;
      // Also who comes to listen after the close hears of it.
      if (this.#closeArrived)
        this.#world.schedule(this.#world.now(), -1, () => this.#heldUp(() => this.#closed?.()));
      return;
    }
    this.#receive = listener as (frames: readonly Frame[]) => void;
    for (const frames of this.#early.splice(0))
      this.#world.schedule(this.#world.now(), -1, () => this.#deliver(frames));
  }

  unref(): void {}

  close(): void {
    this.#channel.close();
  }

  /** The close reaches each side in its own time, after what was under way to it. */
  announceClose(): void {
    this.peer.#send(() => {
      this.#closeArrived = true;
      this.#heldUp(() => this.#closed?.());
    });
  }

  #send(run: () => void): void {
    const { random } = this.#world;
    const at = Math.max(this.#lastAt, this.#world.now() + delay(random.next(), random.next()));
    // What falls on the instant of the message before it must come after it.
    const rank = at === this.#lastAt ? this.#lastRank : random.next();
    this.#lastAt = at;
    this.#lastRank = rank;
    this.#world.schedule(at, rank, run);
  }

  #deliver(frames: readonly Frame[]): void {
    this.#heldUp(() => {
      if (!this.#receive) {
        this.#early.push(frames);
        return;
      }
      this.#world.note(
        () =>
          `${this.holder?.name ?? '?'} <- ${this.peer.holder?.name ?? '?'}: ${frames
            .map((frame) => `${KINDS[frame[0]]} ${frame[1]}`)
            .join(', ')}`,
      );
      this.#receive(frames);
    });
  }

  #heldUp(run: () => void): void {
    const state = this.holder?.state;
    if (state === 'dead') return;
    if (state === 'hung') this.holder?.stash(run);
    else run();
  }
}

/** Both ends, and whether there is still something between them. */
export class VirtualChannel {
  readonly port1: VirtualPort;
  readonly port2: VirtualPort;
  readonly #gone: (channel: VirtualChannel) => void;
  closed = false;

  constructor(world: World, gone: (channel: VirtualChannel) => void) {
    this.port1 = new VirtualPort(world, this);
    this.port2 = new VirtualPort(world, this);
    this.port1.peer = this.port2;
    this.port2.peer = this.port1;
    this.#gone = gone;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#gone(this);
    this.port1.announceClose();
    this.port2.announceClose();
  }
}

/** Mostly at once, sometimes later, now and then much later: milliseconds. */
function delay(kind: number, amount: number): number {
  if (kind < 0.7) return amount * 0.2;
  return kind < 0.95 ? amount * 3 : amount * 40;
}

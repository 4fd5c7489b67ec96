import type { ResourceLimits } from 'node:worker_threads';
import type { ErrorRecord } from '../contract/actor-error.ts';
import type { FramePort } from '../link/frame.ts';
import type { ActorBirth, ControlMessage, ControlReport } from '../runtime/control.ts';

/** How a life ended, as its place saw it. */
export interface LifeEnd {
  readonly code: number;
  readonly outOfMemory: boolean;
  /** Thrown outside of any handler, if anything was. */
  readonly error: ErrorRecord | null;
}

export interface LifeEvents {
  report(report: ControlReport): void;
  /** Comes once, last: nothing of the life runs any more. */
  exited(end: LifeEnd): void;
}

/** Milliseconds a loop spent waiting and working, since it began. */
export interface LoopTimes {
  readonly idle: number;
  readonly active: number;
}

/** One running life of an actor. */
export interface Life {
  readonly threadId: number | null;
  send(message: ControlMessage): void;
  /** Cuts it; `exited` follows. */
  terminate(): void;
  loop(): LoopTimes;
  /** Bytes of its JavaScript heap and of the buffers that hang on it; 0 when it does not answer. */
  memory(): Promise<number>;
}

/** Where lives take place: worker threads, or the one thread of a virtual world. */
export interface Placement {
  /** Lives load for a while before they can start: it pays to let those of a whole tree load side by side. */
  readonly ahead: boolean;
  spawn(birth: ActorBirth, limits: ResourceLimits | undefined, events: LifeEvents): Life;
  /** Both ends of a new link. */
  channel(): { readonly port1: FramePort; readonly port2: FramePort };
}

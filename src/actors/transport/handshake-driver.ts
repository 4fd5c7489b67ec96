import type { HandshakeResult, HandshakeStep } from '../../protocol/handshake/handshake-step.ts';
import { LENGTH_PREFIX, MAX_FRAME } from '../../protocol/wire/limits.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import type { Connection } from './connection.ts';

type FailedStep = Extract<HandshakeStep, { kind: 'failed' }>;

/** How a handshake ended. */
export type HandshakeEnd =
  | { readonly kind: 'done'; readonly result: HandshakeResult }
  /** We ended it. */
  | { readonly kind: 'failed'; readonly step: FailedStep }
  /** The peer ended it, or the connection broke. */
  | { readonly kind: 'closed'; readonly error: Error | null }
  /** The deadline passed. */
  | { readonly kind: 'silent'; readonly secured: boolean };

/** One side of a handshake: what to send first, and what to do with each frame. */
export interface HandshakeSide {
  start?(nowSeconds: number): Uint8Array;
  receive(body: Uint8Array, nowSeconds: number): HandshakeStep;
}

/**
 * Drives TLS, where there is any, and then one side of the three messages over a connection, to `deadlineMs` from now. Never rejects. A
 * connection that did not end in `done` is destroyed; after `done` its frames wait for nobody: the caller sets the
 * reader in `established`, which runs before any further frame is looked at.
 */
export function driveHandshake(
  connection: Connection,
  side: HandshakeSide,
  clock: Clock,
  deadlineMs: number,
  established: (result: HandshakeResult) => void,
): Promise<HandshakeEnd> {
  return new Promise((resolve) => {
    let secured = false;
    const seconds = () => clock.wall() / 1000;
    const disarm = clock.after(deadlineMs, () => end({ kind: 'silent', secured }));
    const end = (outcome: HandshakeEnd) => {
      disarm();
      if (outcome.kind !== 'done') {
        connection.reader = { frame: () => {}, closed: () => {} };
        connection.destroy();
      }
      resolve(outcome);
    };
    const take = (step: HandshakeStep) => {
      if (step.send) connection.write(step.send);
      if (step.kind === 'continue') return;
      if (step.kind === 'failed') return end({ kind: 'failed', step });
      connection.assembler.limit = MAX_FRAME;
      established(step.result);
      end({ kind: 'done', result: step.result });
    };
    connection.reader = {
      frame: (frame) => take(side.receive(frame.subarray(LENGTH_PREFIX), seconds())),
      closed: (error) => end({ kind: 'closed', error }),
    };
    connection.whenSecure(() => {
      secured = true;
      connection.guard(() => {
        if (side.start) connection.write(side.start(seconds()));
      });
    });
  });
}

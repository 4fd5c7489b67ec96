import type { SigningKey } from '../../protocol/crypto/ed25519.ts';
import { failed, type HandshakeResult, type HandshakeStep } from '../../protocol/handshake/handshake-step.ts';
import { SealedHandshake } from '../../protocol/sealed/sealed-handshake.ts';
import { LENGTH_PREFIX, MAX_FRAME } from '../../protocol/wire/limits.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import type { Connection } from './connection.ts';
import { type Bound, boundByTls } from './session-binding.ts';

type FailedStep = Extract<HandshakeStep, { kind: 'failed' }>;

/** How a handshake ended. */
export type HandshakeEnd =
  | { readonly kind: 'done'; readonly result: HandshakeResult }
  /** We ended it. */
  | { readonly kind: 'failed'; readonly step: FailedStep }
  /** The peer ended it, or the connection broke. `sealing`: after its hello. */
  | { readonly kind: 'closed'; readonly error: Error | null; readonly sealing: boolean }
  /** The deadline passed. */
  | { readonly kind: 'silent' };

/** One side of a handshake: what to send first, and what to do with each frame. */
export interface HandshakeSide {
  start?(nowSeconds: number): Uint8Array;
  receive(body: Uint8Array, nowSeconds: number): HandshakeStep;
}

export interface HandshakeOptions {
  /** The node's own. */
  readonly key: SigningKey;
  readonly clock: Clock;
  /** For all of it. */
  readonly deadlineMs: number;
}

/**
 * Drives TLS, where there is any, then one side of the three messages over a connection, then, between two Granary nodes
 * that TLS does not bind, the sealing. Never rejects. A connection that did not end in `done` is destroyed; after `done` its
 * frames wait for nobody: the caller sets the reader in `established`, which runs before any further frame is looked at.
 */
export function driveHandshake(
  connection: Connection,
  side: HandshakeSide,
  { key, clock, deadlineMs }: HandshakeOptions,
  established: (result: HandshakeResult, bound: Bound) => void,
): Promise<HandshakeEnd> {
  return new Promise((resolve) => {
    let sealing = false;
    const seconds = () => clock.wall() / 1000;
    const disarm = clock.after(deadlineMs, () => end({ kind: 'silent' }));
    const end = (outcome: HandshakeEnd) => {
      disarm();
      if (outcome.kind !== 'done') {
        connection.reader = { frame: () => {}, closed: () => {} };
        connection.destroy();
      }
      resolve(outcome);
    };
    const closed = (error: Error | null) => end({ kind: 'closed', error, sealing });
    const finish = (result: HandshakeResult, bound: Bound) => {
      connection.assembler.limit = MAX_FRAME;
      established(result, bound);
      end({ kind: 'done', result });
    };
    const seal = (result: HandshakeResult) => {
      sealing = true;
      const handshake = new SealedHandshake(key, result);
      const first = handshake.start();
      if (first) connection.write(first);
      connection.reader = {
        frame: (frame) => {
          const step = handshake.receive(frame.subarray(LENGTH_PREFIX));
          if (step.kind === 'failed') return end({ kind: 'failed', step: failed('sealing') as FailedStep });
          if (step.send) connection.write(step.send);
          if (step.kind === 'continue') return;
          connection.seal(step.session);
          finish(result, 'sealed');
        },
        closed,
      };
    };
    const take = (step: HandshakeStep) => {
      if (step.send) connection.write(step.send);
      if (step.kind === 'continue') return;
      if (step.kind === 'failed') return end({ kind: 'failed', step });
      const { result } = step;
      if (boundByTls(connection, result)) finish(result, 'tls');
      // Each knows by the marks in both nonces, which are signed, that the other one does the same.
      else if (result.native) seal(result);
      else finish(result, 'none');
    };
    connection.reader = {
      frame: (frame) => take(side.receive(frame.subarray(LENGTH_PREFIX), seconds())),
      closed,
    };
    connection.whenSecure(() => {
      connection.guard(() => {
        if (side.start) connection.write(side.start(seconds()));
      });
    });
  });
}

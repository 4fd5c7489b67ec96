import type { ActorContext } from '../supervisor/contract/actor.ts';
import { ActorError } from '../supervisor/contract/actor-error.ts';
import { sleep } from '../supervisor/contract/clock.ts';

/** Between attempts to hear again of what an actor tells, after its death. */
const LISTEN_AGAIN_MS = 100;

/** Uses every item of a stream of another actor, and of the next one when that ends, until this actor stops. */
export async function keepListening<T>(
  { clock, signal }: Pick<ActorContext<unknown, unknown, never>, 'clock' | 'signal'>,
  stream: () => AsyncIterable<T>,
  use: (item: T) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const item of stream()) use(item);
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
    }
    await sleep(clock, LISTEN_AGAIN_MS, signal);
  }
}

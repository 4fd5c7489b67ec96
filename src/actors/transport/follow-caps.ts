import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { ShardContext } from './context.ts';
import type { Peer } from './session.ts';
import type { ShardCaps } from './shard-caps.ts';

/** Between attempts to hear of caps again after the death of who sets them. Those in force stay so meanwhile. */
const LISTEN_AGAIN_MS = 100;
/** Refused chunks are counted one by one, and told of so often. */
const TELL_EVERY_MS = 60_000;

/** Holds the shard to every set of caps as it comes, until the shard stops. */
export async function followCaps({ refs, signal, clock }: ShardContext, caps: ShardCaps): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const set of refs.limits.stream('caps', null, { signal })) caps.use(set);
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
    }
    await sleep(clock, LISTEN_AGAIN_MS, signal);
  }
}

/** Counts chunks that a cap leaves no room for, and tells of them now and then. */
export function refusalTeller({ clock, log, metrics }: ShardContext): (peer: Peer) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return ({ nodeKey, native }) => {
    metrics.add('chunks_refused', 1);
    const now = clock.now();
    if (now - toldAt < TELL_EVERY_MS) return;
    toldAt = now;
    log.info({ peer: nodeKey, native }, 'the upload caps leave too little for another chunk: refused');
  };
}

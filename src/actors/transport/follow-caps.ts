import { keepListening } from '../keep-listening.ts';
import type { ShardContext } from './context.ts';
import type { Peer } from './session.ts';
import type { ShardCaps } from './shard-caps.ts';

/** Refused chunks are counted one by one, and told of so often. */
const TELL_EVERY_MS = 60_000;

/** Holds the shard to every set of caps as it comes, until the shard stops; after the death of who sets them, to the last. */
export function followCaps(context: ShardContext, caps: ShardCaps): Promise<void> {
  const { refs, signal } = context;
  return keepListening(
    context,
    () => refs.limits.stream('caps', null, { signal }),
    (set) => caps.use(set),
  );
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

import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { PublishContext } from './context.ts';

/**
 * The highest revision of an own share that others have seen; 0: none, or nobody could be asked. For a share whose key
 * was imported or restored: its numbers may be used up beyond what this node remembers.
 */
export async function seenSeq(
  { refs, log }: PublishContext,
  shareKey: string,
  signal: AbortSignal,
): Promise<number> {
  try {
    const { seq } = await refs.sync.ask('newestSeq', { shareKey }, { signal });
    return seq ?? 0;
  } catch (error) {
    if (!(error instanceof ActorError) || signal.aborted) throw error;
    log.warn({ code: error.code }, 'nobody could be asked for newer revisions of the share');
    return 0;
  }
}

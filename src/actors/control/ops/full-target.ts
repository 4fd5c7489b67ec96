import type { ControlRefs } from '../control-refs.ts';
import { isId, shareIdOf } from './share-name.ts';

/** The target with the share's whole id in place of its name or the beginning of its id. */
export async function fullTarget(refs: ControlRefs, target: string, signal: AbortSignal): Promise<string> {
  const slash = target.indexOf('/');
  const head = slash < 0 ? target : target.slice(0, slash);
  const tail = slash < 0 ? '' : target.slice(slash);
  if (isId(head)) return head.toLowerCase() + tail;
  return (await shareIdOf(refs, head, signal)) + tail;
}

import type { DownloadResult } from '../../transfer/contract.ts';
import type { ControlRefs } from '../control-refs.ts';
import { finished, type StreamOperation } from '../operation.ts';
import { isId, shareIdOf } from './share-name.ts';

export const get: StreamOperation<'get'> = async function* (refs, body, signal) {
  const request = { target: await fullTarget(refs, body.target, signal), directory: body.directory };
  let result: DownloadResult | null = null;
  for await (const event of refs.transfer.stream('download', request, { signal })) {
    if (event.kind === 'done') result = event.result;
    else yield { event: 'progress', ...event.progress };
  }
  return finished(result, 'download');
};

/** The target with the share's whole id in place of its name or the beginning of its id. */
async function fullTarget(refs: ControlRefs, target: string, signal: AbortSignal): Promise<string> {
  const slash = target.indexOf('/');
  const head = slash < 0 ? target : target.slice(0, slash);
  const tail = slash < 0 ? '' : target.slice(slash);
  if (isId(head)) return head.toLowerCase() + tail;
  return (await shareIdOf(refs, head, signal)) + tail;
}

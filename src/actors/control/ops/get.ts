import type { DownloadResult } from '../../transfer/contract.ts';
import { finished, type StreamOperation } from '../operation.ts';
import { fullTarget } from './full-target.ts';

export const get: StreamOperation<'get'> = async function* (refs, body, signal) {
  const request = { ...body, target: await fullTarget(refs, body.target, signal) };
  let result: DownloadResult | null = null;
  for await (const event of refs.transfer.stream('download', request, { signal })) {
    if (event.kind === 'done') result = event.result;
    else yield { event: 'progress', ...event.progress };
  }
  return finished(result, 'download');
};

import type { PublishResult } from '../../publish/contract.ts';
import { finished, type StreamOperation } from '../operation.ts';

export const publish: StreamOperation<'publish'> = async function* (refs, body, signal) {
  let result: PublishResult | null = null;
  for await (const event of refs.publish.stream('publish', body, { signal })) {
    if (event.kind === 'done') result = event.result;
    else yield { event: 'progress', ...event.progress };
  }
  return finished(result, 'publish');
};

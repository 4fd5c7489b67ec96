import { failure } from '../../../errors.ts';
import type { BackupResult } from '../../store/contract.ts';
import { type AskOperation, finished, type StreamOperation } from '../operation.ts';
import { shareIdOf } from './share-name.ts';

// biome-ignore lint/correctness/useYield: a backup has no events.
export const backup: StreamOperation<'backup'> = async function* (refs, body, signal) {
  const request = { path: body.path, hashLists: body.hash_lists };
  let result: BackupResult | null = null;
  for await (const made of refs.store.stream('backup', request, { signal })) result = made;
  return finished(result, 'backup');
};

export const exportKey: AskOperation<'exportKey'> = async (refs, { share, passphrase }, signal) => {
  const key = share === 'node' ? share : { shareId: await shareIdOf(refs, share, signal) };
  return { sealed: await refs.store.ask('exportKey', { key, passphrase }, { signal }) };
};

export const importKey: AskOperation<'importKey'> = async (refs, body, signal) => {
  const { sealed, name, passphrase, node_secret: nodeSecret } = body;
  const opener = nodeSecret !== undefined ? { nodeSecret } : passphrase !== undefined ? { passphrase } : null;
  if (opener === null) throw failure('E_USAGE', 'a passphrase or a node secret is needed to open the key');
  const own = await refs.store.ask('importKey', { sealed, name, opener }, { signal });
  return { share_id: own.shareId, share_key: own.shareKey, name: own.name };
};

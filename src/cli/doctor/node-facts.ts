import type { SettingRow } from '../../actors/supervisor/contract.ts';
import type { IdResult, StatsResult } from '../../control-link/results.ts';
import { controlFile } from '../../settings/run-folder.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { NodeClient } from '../client.ts';
import { isThere } from './is-there.ts';

/** A node that answers has answered by then, however busy it is. */
const ANSWER_MS = 15_000;

/** What is known of the node of a data folder. */
export type NodeFacts =
  | { readonly state: 'none' }
  /** It left its control file: it was killed. */
  | { readonly state: 'killed' }
  | { readonly state: 'silent'; readonly error: ActorError }
  | {
      readonly state: 'running';
      readonly stats: StatsResult;
      readonly id: IdResult;
      readonly settings: readonly SettingRow[];
    };

export async function nodeFacts(home: string, signal: AbortSignal): Promise<NodeFacts> {
  let client: NodeClient;
  try {
    client = await NodeClient.connect(home);
  } catch (error) {
    if (!(error instanceof ActorError)) throw error;
    if (error.code !== 'E_NO_DAEMON') return { state: 'silent', error };
    return { state: (await isThere(controlFile(home))) ? 'killed' : 'none' };
  }
  const options = { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]) };
  try {
    const [stats, id, { values }] = await Promise.all([
      client.call('stats', {}, options),
      client.call('id', {}, options),
      client.call('settings', {}, options),
    ]);
    return { state: 'running', stats, id, settings: values };
  } catch (error) {
    if (!(error instanceof ActorError) || signal.aborted) throw error;
    return { state: 'silent', error };
  } finally {
    client.close();
  }
}

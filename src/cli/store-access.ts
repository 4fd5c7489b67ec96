import { loadSettings } from '../settings/load.ts';
import { nodeSettings } from '../settings/node-settings.ts';
import { socketPath } from '../settings/run-folder.ts';
import type { StoreRef } from '../store-alone.ts';
import { ActorError } from '../supervisor/contract/actor-error.ts';
import { NodeClient } from './client.ts';
import type { CommandContext } from './context.ts';
import { storePassphrase } from './passphrase.ts';

/** Changes of the store's settings for one run of it. */
export interface StoreChange {
  readonly flags?: ReadonlyMap<string, unknown>;
  /** A backup to fill the folder from. */
  readonly restore?: string;
}

/** Runs something on the store of a node that does not run. `E_HOME_LOCKED` when it does. */
export async function onStoreAlone<T>(
  { home, config, env }: CommandContext,
  { flags, restore }: StoreChange,
  work: (store: StoreRef, passphrase: string) => Promise<T>,
): Promise<T> {
  const { settings } = await loadSettings({ home, config, env, flags });
  const passphrase = await storePassphrase(home, env, settings);
  const { store } = nodeSettings(home, socketPath(home, env), settings, passphrase);
  const { withStoreAlone } = await import('../store-alone.ts');
  return await withStoreAlone(
    { home, store: { ...store, ...(restore !== undefined && { restore }) } },
    (ref) => work(ref, passphrase),
  );
}

/** The same by the running node, or, when none runs, on its store. */
export async function onNodeOrStore<T>(
  context: CommandContext,
  byNode: (client: NodeClient, signal: AbortSignal) => Promise<T>,
  byStore: (store: StoreRef, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = context.interrupts.first;
  const client = await connected(context.home);
  if (client === null) return await onStoreAlone(context, {}, (store) => byStore(store, signal));
  try {
    return await byNode(client, signal);
  } finally {
    client.close();
  }
}

async function connected(home: string): Promise<NodeClient | null> {
  try {
    return await NodeClient.connect(home);
  } catch (error) {
    if (error instanceof ActorError && error.code === 'E_NO_DAEMON') return null;
    throw error;
  }
}

import { actorCode, CONTRACTS } from './actor-code.ts';
import { storeConfig } from './actors/store/config.ts';
import { storeContract } from './actors/store/contract.ts';
import type { NodeSettings } from './node.ts';
import { configOf, defineContract, type MessagesOf } from './supervisor/contract/contract.ts';
import type { Ref } from './supervisor/contract/ref.ts';
import { createLog } from './supervisor/observe/log.ts';
import { mainService, Supervisor } from './supervisor/tree/supervisor.ts';

export type StoreRef = Ref<MessagesOf<typeof storeContract>>;

/** The store asks nobody; the main thread has nothing to say to it. */
const SILENT = defineContract({ name: 'supervisor', config: configOf<Record<never, never>>(), messages: {} });

/**
 * Runs something on the data folder of a node that does not run: the store starts alone, claims the folder as it does
 * in a node, and stops when the work is done. Rejects with what keeps it from starting (`E_HOME_LOCKED`, ...).
 */
export async function withStoreAlone<T>(
  { home, store, logLevel = 'warn' }: Pick<NodeSettings, 'home' | 'store' | 'logLevel'>,
  work: (store: StoreRef) => Promise<T>,
): Promise<T> {
  const supervisor = new Supervisor(
    {
      contracts: CONTRACTS,
      intensity: 0,
      periodMs: 1_000,
      children: [
        {
          contract: storeContract,
          ...actorCode('store'),
          config: storeConfig.parse({ ...store, home, backupHours: 0 }),
        },
      ],
    },
    {
      log: createLog(logLevel, { actor: 'supervisor' }),
      logLevel,
      events: { actorRestarted: () => {}, gaveUp: () => {} },
      service: mainService(SILENT, {}),
    },
  );
  try {
    await supervisor.start();
    return await work(supervisor.ref(storeContract));
  } finally {
    await supervisor.stop();
  }
}

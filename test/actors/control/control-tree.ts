import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controlContract } from '../../../src/actors/control/contract.ts';
import type { ConfigReload, NodeStatus, SettingRow } from '../../../src/actors/supervisor/contract.ts';
import { failure } from '../../../src/errors.ts';
import { socketPath } from '../../../src/settings/run-folder.ts';
import { createLog } from '../../../src/supervisor/observe/log.ts';
import { Supervisor } from '../../../src/supervisor/tree/supervisor.ts';
import { mainThread } from '../main-thread.ts';

export interface ControlTree {
  readonly home: string;
  readonly socket: string;
  readonly supervisor: Supervisor;
  readonly restarts: string[];
  /** How often a client asked for a stop. */
  stops(): number;
  close(): Promise<void>;
}

/** The control actor on a real worker, with the supervisor as its only neighbour: the others are down. */
export async function controlTree(
  options: {
    home?: string;
    maxClients?: number;
    settings?: readonly SettingRow[];
    reload?: () => Promise<ConfigReload>;
  } = {},
): Promise<ControlTree> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), 'granary-control-')));
  const socket = socketPath(home, {});
  const restarts: string[] = [];
  let stops = 0;
  const reload = () => {
    if (options.reload) return options.reload();
    throw failure('E_NO_SETTINGS', 'no configuration here');
  };
  const status = (): NodeStatus => ({
    version: '0.0.1',
    pid: process.pid,
    home,
    uptime: 1,
    actors: [],
    tree: { name: 'root', strategy: 'one_for_one', intensity: 1, periodMs: 1_000, recent: 0, children: [] },
    memory: { rss: 1, heap: 1, external: 1 },
    cpu: { user: 0, system: 0 },
  });
  const supervisor = new Supervisor(
    {
      contracts: new URL('../../../src/actors/contracts.ts', import.meta.url),
      intensity: 3,
      periodMs: 30_000,
      children: [
        {
          contract: controlContract,
          module: new URL('../../../src/actors/control/actor.ts', import.meta.url),
          config: { socket, version: '0.0.1', maxClients: options.maxClients ?? 64 },
        },
      ],
    },
    {
      log: createLog('silent', {}),
      logLevel: 'silent',
      events: { actorRestarted: ({ actor }) => restarts.push(actor), gaveUp: () => {} },
      service: mainThread({
        status,
        stop: () => void stops++,
        settings: () => options.settings ?? [],
        reload,
      }),
    },
  );
  const close = async () => {
    await supervisor.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    await supervisor.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { home, socket, supervisor, restarts, stops: () => stops, close };
}

import { BroadcastChannel } from 'node:worker_threads';
import { acceptorConfig } from '../../../src/actors/acceptor/config.ts';
import { acceptorContract } from '../../../src/actors/acceptor/contract.ts';
import { publishContract } from '../../../src/actors/publish/contract.ts';
import { storeContract } from '../../../src/actors/store/contract.ts';
import { transportConfig } from '../../../src/actors/transport/config.ts';
import { transportContract } from '../../../src/actors/transport/contract.ts';
import { createLog } from '../../../src/supervisor/observe/log.ts';
import { Supervisor } from '../../../src/supervisor/tree/supervisor.ts';
import { mainThread } from '../main-thread.ts';
import { SCRIPT, type ScriptCommand } from './script.ts';

const here = (path: string) => new URL(path, import.meta.url);
const actor = (name: string) => here(`../../../src/actors/${name}/actor.ts`);

/** Limits that no test's loopback clients meet by accident. */
export const UNLIMITED = {
  maxPending: 10_000,
  maxPendingPerAddress: 10_000,
  maxPerSecond: 100_000,
  maxPerSecondPerNet: 100_000,
  maxNewPerSecond: 100_000,
  maxNewPerSecondPerNet: 100_000,
};

/** Acceptor and shards on real workers, with a scripted store and publisher beside them. */
export class NetworkTree {
  readonly supervisor: Supervisor;
  readonly restarts: string[] = [];
  readonly #script = new BroadcastChannel(SCRIPT);

  private constructor(options: { shards: number; acceptor: object; transport: object }) {
    this.#script.unref();
    this.supervisor = new Supervisor(
      {
        contracts: here('../../../src/actors/contracts.ts'),
        intensity: 5,
        periodMs: 30_000,
        children: [
          { contract: storeContract, module: here('./scripted-store.ts'), config: { home: '/nowhere' } },
          { contract: publishContract, module: here('./scripted-publish.ts'), config: {} },
          {
            contract: transportContract,
            module: actor('transport'),
            config: transportConfig.parse(options.transport),
            members: options.shards,
          },
          {
            contract: acceptorContract,
            module: actor('acceptor'),
            config: acceptorConfig.parse(options.acceptor),
          },
        ],
      },
      {
        log: createLog('silent', {}),
        logLevel: 'silent',
        events: { actorRestarted: ({ actor: name }) => this.restarts.push(name), gaveUp: () => {} },
        service: mainThread(),
      },
    );
  }

  /** Rejects with the error of the actor that does not start, after stopping the others. */
  static async start(
    options: { shards?: number; acceptor?: object; transport?: object } = {},
  ): Promise<NetworkTree> {
    const { shards = 1, acceptor = {}, transport = {} } = options;
    const tree = new NetworkTree({
      shards,
      acceptor: { listen: ['tcp://127.0.0.1:0'], ...UNLIMITED, ...acceptor },
      transport,
    });
    try {
      await tree.supervisor.start();
    } catch (error) {
      await tree.stop();
      throw error;
    }
    return tree;
  }

  addresses() {
    return this.supervisor.ref(acceptorContract).ask('addresses', null);
  }

  sessions(shard: number) {
    return this.supervisor.ref(transportContract, shard).ask('sessions', null);
  }

  metric(actorName: string, name: string): number {
    return this.supervisor.status().find((each) => each.name === actorName)?.metrics[name] ?? 0;
  }

  state(actorName: string): string | undefined {
    return this.supervisor.status().find((each) => each.name === actorName)?.state;
  }

  script(command: ScriptCommand): void {
    this.#script.postMessage(command);
  }

  async stop(): Promise<void> {
    this.#script.close();
    await this.supervisor.stop();
  }
}

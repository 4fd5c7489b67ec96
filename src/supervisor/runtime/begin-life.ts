import { parentPort, workerData } from 'node:worker_threads';
import type { ActorModule } from '../contract/actor.ts';
import { systemClock } from '../contract/clock.ts';
import type { Contract } from '../contract/contract.ts';
import { toldLog } from '../observe/told-log.ts';
import { ActorHost } from './actor-host.ts';
import type { ActorBirth, ControlMessage, WorkerReport } from './control.ts';

/** What a life is made of. */
export interface LifeCode {
  readonly module: ActorModule;
  readonly contracts: Readonly<Record<string, Contract>>;
}

/** Makes this worker thread the life it was born for: passes control messages to the host of the actor that `load` gives. */
export async function beginLife(load: (birth: ActorBirth) => LifeCode | Promise<LifeCode>): Promise<void> {
  if (!parentPort) throw new Error('a life begins on a worker thread only');
  const control = parentPort;
  const birth = workerData as ActorBirth;

  const early: ControlMessage[] = [];
  let receive = (message: ControlMessage): void => {
    early.push(message);
  };
  // Listening from the first turn on: messages sent while the modules load must not be lost.
  control.on('message', (message: ControlMessage) => receive(message));

  const { module, contracts } = await load(birth);
  const host = new ActorHost(module, birth, {
    clock: systemClock,
    log: toldLog(birth.logLevel, (line) =>
      control.postMessage({ type: 'logged', line } satisfies WorkerReport),
    ),
    contracts,
    report: (message) => control.postMessage(message),
    die: () => process.exit(0),
  });
  process.on('uncaughtException', (error) => host.crash(error));
  process.on('unhandledRejection', (reason) => host.crash(reason));

  receive = (message) => void host.control(message);
  for (const message of early.splice(0)) receive(message);
}

import { createLog } from '../../src/supervisor/observe/log.ts';
import type { MemoryLimits } from '../../src/supervisor/tree/memory-watch.ts';
import { mainService, Supervisor, type SupervisorEvents } from '../../src/supervisor/tree/supervisor.ts';
import { counterContract, mainContract, relayContract } from './actors/contracts.ts';

type Event = { kind: 'restarted' | 'gave-up'; actor: string; cause?: string };

/** A supervisor over the two test actors on real worker threads. */
export function twoActors(options: { failStart?: boolean; intensity?: number; memory?: MemoryLimits } = {}) {
  const seen: Event[] = [];
  const events: SupervisorEvents = {
    actorRestarted: ({ actor, cause }) => seen.push({ kind: 'restarted', actor, cause }),
    gaveUp: ({ actor }) => seen.push({ kind: 'gave-up', actor }),
  };
  const supervisor = new Supervisor(
    {
      contracts: new URL('./actors/contracts.ts', import.meta.url),
      intensity: options.intensity ?? 5,
      periodMs: 30_000,
      children: [
        {
          contract: counterContract,
          module: new URL('./actors/counter.ts', import.meta.url),
          config: { start: 5 },
        },
        {
          contract: relayContract,
          module: new URL('./actors/relay.ts', import.meta.url),
          config: { failStart: options.failStart ?? false },
        },
      ],
    },
    {
      log: createLog('silent', {}),
      logLevel: 'silent',
      ...(options.memory && { memory: options.memory }),
      events,
      service: mainService(mainContract, { greet: ({ from }) => `hello ${from}` }),
    },
  );
  return { supervisor, seen, counter: supervisor.ref(counterContract), relay: supervisor.ref(relayContract) };
}

/** Polls until the condition holds; fails loudly when it never does. */
export async function until(condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('the condition never held');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

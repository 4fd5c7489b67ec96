import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { sleep } from '../../../src/supervisor/contract/clock.ts';
import { actor, counterContract } from './contracts.ts';

export default actor(counterContract, ({ config, clock, refs, epoch, member, metrics }) => {
  const levels: number[] = [];
  const pressures: string[] = [];
  let value = config.start;
  let cancelled = 0;
  let hang = false;
  let finish = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return {
    handlers: {
      add: (by) => {
        value += by;
        metrics.add('added', by);
      },
      slowAdd: async ({ by, ms }) => {
        await sleep(clock, ms);
        value += by;
      },
      read: () => value,
      life: async () => ({
        epoch,
        member,
        relayAnswered: await refs.relay.ask('name', null).catch((e) => e.code),
      }),
      wait: async ({ ms }, call) => {
        try {
          await sleep(clock, ms, call.signal);
        } catch (error) {
          cancelled++;
          throw error;
        }
        return 'waited';
      },
      waitDeaf: async ({ ms }) => {
        await sleep(clock, ms);
        return 'waited';
      },
      refuse: () => {
        throw new ActorError('E_NOT_TODAY', 'the counter rests', { subject: 'counter', next: 'come back' });
      },
      bug: () => {
        throw new TypeError('a bug of ours');
      },
      exit: () => process.exit(3),
      hangOnStop: () => {
        hang = true;
      },
      spin: () => {
        for (;;);
      },
      hog: () => {
        const held: number[][] = [];
        for (;;) held.push(new Array(100_000).fill(held.length));
      },
      finish: () => finish(),
      block: ({ ms }) => {
        const end = performance.now() + ms;
        while (performance.now() < end);
      },
      level: (value) => void levels.push(value),
      levels: () => levels,
      pressures: () => pressures,
      async *count({ to, everyMs }, call) {
        try {
          for (let n = 0; n < to; n++) {
            if (everyMs > 0) await sleep(clock, everyMs, call.signal);
            metrics.add('produced', 1);
            yield n;
          }
        } finally {
          cancelled++;
        }
      },
      cancelled: () => cancelled,
      take: (bytes) => bytes.length,
    },
    done,
    pressure: (level) => void pressures.push(level),
    stop: () => (hang ? new Promise<void>(() => {}) : undefined),
  };
});

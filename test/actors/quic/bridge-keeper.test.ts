import { afterEach, beforeEach, expect, test } from 'vitest';
import { BridgeKeeper } from '../../../src/actors/quic/bridge-keeper.ts';
import type { BridgeEvents } from '../../../src/actors/quic/bridge-process.ts';
import { restartDelay } from '../../../src/actors/quic/restart-delay.ts';
import type { BridgeCommand } from '../../../src/bridge-link/control-lines.ts';
import { createLog } from '../../../src/supervisor/observe/log.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';

/** A process by hand. */
interface Life {
  readonly events: BridgeEvents;
  readonly sent: BridgeCommand[];
  ended: boolean;
}

let clock: ManualClock;
let lives: Life[];
let keeper: BridgeKeeper;
const ENGINE = 'engine 1';

function keep(listen = [{ host: '127.0.0.1', port: 0 }]): BridgeKeeper {
  return new BridgeKeeper(
    {
      clock,
      log: createLog('silent', {}),
      spawn(events) {
        const life: Life = { events, sent: [], ended: false };
        lives.push(life);
        return {
          pid: lives.length,
          send: (command) => void life.sent.push(command),
          async end() {
            life.ended = true;
          },
        };
      },
      command: (life) => ({
        ...{ certificate: '', key: '', dial: `/d${life}`, congestion: 'cubic' as const },
        limits: {
          ...{ maxPending: 1, maxPendingPerAddress: 1, maxPerSecond: 1, maxPerSecondPerNet: 1 },
          ...{ pendingMs: 1, maxStreams: 1 },
        },
      }),
      counted: () => {},
      restarted: () => {},
    },
    listen,
  );
}

beforeEach(() => {
  clock = new ManualClock();
  lives = [];
  keeper = keep();
});
afterEach(() => keeper.stop());

const last = () => lives.at(-1)!;
const ready = (port: number) =>
  last().events.event({ tell: 'ready', listen: [{ host: '127.0.0.1', port }], engine: ENGINE });
const startOf = (life: Life) => life.sent.find((command) => command.do === 'start')!;

test('nothing is started before it is wanted; all who want it share one start', async () => {
  expect(lives).toHaveLength(0);
  expect(keeper.status().state).toBe('idle');
  const wanted = [keeper.up(), keeper.up()];
  expect(lives).toHaveLength(1);
  ready(7000);
  expect(await Promise.all(wanted)).toEqual(['/d1', '/d1']);
  expect(await keeper.up()).toBe('/d1');
  expect(keeper.status()).toMatchObject({ state: 'up', engine: ENGINE, pid: 1, restarts: 0 });
});

test('one that ends is started again, on the port it had, with another path; who waits is answered then', async () => {
  void keeper.up();
  ready(7123);
  keeper.useShards(['/s0']);
  last().events.ended({ reason: 'it ended with SIGKILL' });
  expect(keeper.status()).toMatchObject({ state: 'starting', restarts: 1, reason: 'it ended with SIGKILL' });
  // Whoever was told of the port finds it named meanwhile too.
  expect(keeper.bound).toEqual([{ host: '127.0.0.1', port: 7123 }]);
  const wanted = keeper.up();
  await clock.advance(0);
  expect(lives).toHaveLength(2);
  expect(startOf(last())).toMatchObject({ listen: [{ host: '127.0.0.1', port: 7123 }], shards: ['/s0'] });
  ready(7123);
  expect(await wanted).toBe('/d2');
});

test('the pause grows while lives are short, and is forgotten after a long one', async () => {
  expect([1, 2, 3, 4, 20].map(restartDelay)).toEqual([0, 100, 200, 400, 2_000]);
  void keeper.up();
  ready(1);
  last().events.ended({ reason: '' });
  await clock.advance(0);
  ready(1);
  last().events.ended({ reason: '' });
  await clock.advance(99);
  expect(lives).toHaveLength(2);
  await clock.advance(1);
  expect(lives).toHaveLength(3);
  ready(1);
  await clock.advance(10_000);
  last().events.ended({ reason: '' });
  await clock.advance(0);
  expect(lives).toHaveLength(4);
});

test('a port that another program holds is told as that, and only at the first start', async () => {
  const address = { host: '127.0.0.1', port: 7000 };
  const wanted = keeper.up();
  last().events.event({ tell: 'cannot-listen', address, reason: 'in use' });
  last().events.ended({ reason: 'it ended with code 1' });
  await expect(wanted).rejects.toMatchObject({ code: 'E_LISTEN', subject: 'quic://127.0.0.1:7000' });
  const again = keeper.up();
  ready(7000);
  await again;
  last().events.event({ tell: 'cannot-listen', address, reason: 'in use' });
  last().events.ended({ reason: 'it ended with code 1' });
  await clock.advance(100);
  expect(lives).toHaveLength(3);
});

test('one that never comes up is given up; a node that stops waits for nothing', async () => {
  const wanted = keeper.up();
  for (let life = 1; life <= 3; life++) {
    expect(lives).toHaveLength(life);
    last().events.ended({ reason: 'no such machine code' });
    await clock.advance(1_000);
  }
  await expect(wanted).rejects.toMatchObject({ code: 'E_QUIC_UNAVAILABLE' });
  await expect(keeper.up()).rejects.toMatchObject({ code: 'E_QUIC_UNAVAILABLE' });
  expect(keeper.status()).toMatchObject({ state: 'missing', reason: 'no such machine code' });
  const other = keep();
  const waits = other.up();
  await other.stop();
  await expect(waits).rejects.toMatchObject({ code: 'E_BUSY' });
  expect(last().ended).toBe(true);
  expect(clock.pending).toBe(0);
});

test('one that is silent is ended, and begun anew', async () => {
  keeper.up().catch(() => {});
  await clock.advance(10_000);
  expect(last().ended).toBe(true);
  last().events.ended({ reason: 'it ended with code 0' });
  await clock.advance(0);
  expect(lives).toHaveLength(2);
});

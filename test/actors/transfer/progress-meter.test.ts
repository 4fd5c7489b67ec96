import { expect, test } from 'vitest';
import { BusyTime } from '../../../src/actors/transfer/busy-time.ts';
import { ProgressMeter } from '../../../src/actors/transfer/progress-meter.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';

test('the rate is that of the last five seconds, without what lay there already', () => {
  const meter = new ProgressMeter();
  meter.bytesTotal = 100_000;
  meter.resumed = 10_000;
  meter.phase = 'fetch';
  expect(meter.at(0)).toMatchObject({ phase: 'fetch', bytes: 10_000, rate: 0, eta: null });
  const live = meter.open();
  for (let at = 100; at <= 10_000; at += 100) {
    live.bytes += at <= 5_000 ? 1_000 : 100;
    const { rate, bytes, eta } = meter.at(at);
    if (at === 5_000) expect({ rate, bytes, eta }).toEqual({ rate: 10_000, bytes: 60_000, eta: 4 });
    if (at === 10_000) expect({ rate, bytes, eta }).toEqual({ rate: 1_000, bytes: 65_000, eta: 35 });
  }
});

test('octets of a file that is not whole are lost with their count, and never make the rate negative', () => {
  const meter = new ProgressMeter();
  meter.bytesTotal = 1_000;
  meter.at(0);
  {
    using live = meter.open();
    live.bytes = 700;
    expect(meter.at(100)).toMatchObject({ bytes: 700, rate: 7_000 });
    live.bytes -= 500;
    meter.whole += 500;
    expect(meter.at(200).bytes).toBe(700);
  }
  expect(meter.at(300)).toMatchObject({ bytes: 500 });
  meter.whole = 0;
  expect(meter.at(400)).toMatchObject({ bytes: 0, rate: 0, eta: null });
  meter.whole = 1_000;
  expect(meter.at(500)).toMatchObject({ bytes: 1_000, eta: 0 });
});

test('sizes near 2^53 stay whole numbers', () => {
  const meter = new ProgressMeter();
  meter.bytesTotal = Number.MAX_SAFE_INTEGER;
  meter.whole = Number.MAX_SAFE_INTEGER - 1;
  expect(meter.at(0).bytes).toBe(Number.MAX_SAFE_INTEGER - 1);
});

test('busy time counts what overlaps once, and what still runs', async () => {
  const clock = new ManualClock();
  const busy = new BusyTime(clock);
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const first = busy.during(wait(2_000));
  await clock.advance(1_000);
  const second = busy.during(wait(2_000));
  await clock.advance(500);
  expect(busy.seconds).toBe(1.5);
  await clock.advance(5_000);
  await Promise.all([first, second]);
  expect(busy.seconds).toBe(3);
  const failing = busy.during(wait(1_000).then(() => Promise.reject(new Error('no'))));
  const expectation = expect(failing).rejects.toThrow('no');
  await clock.advance(9_000);
  await expectation;
  expect(busy.seconds).toBe(4);
});

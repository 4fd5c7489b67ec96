import { expect, test } from 'vitest';
import { PATIENCE_MS, race, STAGGER_MS } from '../../../src/actors/transport/dial-race.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';

const fails = (code: string) => new ActorError(code, code);

/** Contenders by hand: when each began, and what becomes of it. */
function contest(count: number) {
  const clock = new ManualClock();
  const begun: number[] = [];
  const off: number[] = [];
  const runs: { win(): void; fail(error: ActorError): void; reached(): void }[] = [];
  const contenders = Array.from({ length: count }, (_, index) => ({
    dial(signal: AbortSignal, reached: () => void) {
      begun.push(clock.now());
      signal.addEventListener('abort', () => off.push(index));
      return new Promise<number>((resolve, reject) => {
        runs[index] = { win: () => resolve(index), fail: reject, reached };
      });
    },
  }));
  return { clock, begun, off, runs, result: race(clock, contenders) };
}

test('one after the other, a moment apart; the first that comes through wins, and the others are called off', async () => {
  const { clock, begun, off, runs, result } = contest(3);
  await clock.advance(STAGGER_MS);
  await clock.advance(STAGGER_MS);
  const from = begun[0]!;
  expect(begun).toEqual([from, from + STAGGER_MS, from + 2 * STAGGER_MS]);
  runs[1]!.win();
  expect(await result).toBe(1);
  expect(off).toEqual([0, 1, 2]);
  runs[0]!.win();
  expect(clock.pending).toBe(0);
});

test('the next begins at once where one failed', async () => {
  const { clock, begun, runs, result } = contest(2);
  runs[0]!.fail(fails('E_PEER_UNREACHABLE'));
  await clock.advance(0);
  expect(begun).toHaveLength(2);
  runs[1]!.win();
  expect(await result).toBe(1);
});

test('where something answers the others wait longer, but not for ever', async () => {
  const { clock, begun, runs, result } = contest(2);
  await clock.advance(STAGGER_MS - 1);
  runs[0]!.reached();
  await clock.advance(PATIENCE_MS - 1);
  expect(begun).toHaveLength(1);
  await clock.advance(1);
  expect(begun).toHaveLength(2);
  runs[0]!.win();
  expect(await result).toBe(0);
});

test('when all fail the most telling failure is told', async () => {
  const { clock, runs, result } = contest(3);
  const told = expect(result).rejects.toMatchObject({ code: 'E_PEER_IDENTITY' });
  await clock.advance(STAGGER_MS);
  runs[0]!.fail(fails('E_PEER_UNREACHABLE'));
  await clock.advance(0);
  runs[2]!.fail(fails('E_PEER_IDENTITY'));
  await clock.advance(0);
  runs[1]!.fail(fails('E_PEER_SILENT'));
  await told;
  expect(clock.pending).toBe(0);
});

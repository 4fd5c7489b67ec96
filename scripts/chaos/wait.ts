import { setTimeout as sleep } from 'node:timers/promises';
import { Violation } from './violation.ts';

export { sleep };

/** Asks every 20 ms until there is an answer; none in time is a violation. */
export async function until<T>(
  what: string | (() => string),
  ms: number,
  ask: () => Promise<T | null>,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > end) {
      throw new Violation(`not seen in ${ms / 1000} s: ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(20);
  }
}

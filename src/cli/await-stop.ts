import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../errors.ts';
import type { NodeClient } from './client.ts';
import { type LastStop, readLastStop } from './last-stop.ts';

/** Longer than all actors together may take to stop. */
const STOP_MS = 90_000;
/** From the report to the end of the process: it has nothing left to do. */
const EXIT_MS = 3_000;
const POLL_MS = 15;

/**
 * Waits until the node hung up, wrote how its stop went, and its process is gone. `E_TIMEOUT` if it never
 * does, `E_STOP_UNREPORTED` if it is gone without a word.
 */
export async function awaitStop(
  home: string,
  client: NodeClient,
  signal: AbortSignal,
): Promise<Omit<LastStop, 'pid'>> {
  const { pid } = client;
  const end = performance.now() + STOP_MS;
  await Promise.race([client.closed, abortOf(signal)]);
  for (let reportedAt: number | null = null; ; ) {
    const alive = isAlive(pid);
    const report = await readLastStop(home);
    if (report?.pid === pid) {
      reportedAt ??= performance.now();
      // A process that nobody collects (a parent that does not wait) stays in the table: its word is enough.
      if (!alive || performance.now() - reportedAt > EXIT_MS) {
        return { clean: report.clean, cut: report.cut, seconds: report.seconds };
      }
    } else if (!alive) {
      throw failure('E_STOP_UNREPORTED', 'the node is gone, and did not say how its stop went', {
        subject: `pid ${pid}`,
      });
    }
    if (performance.now() > end) {
      throw failure('E_TIMEOUT', 'the node still runs', { subject: `pid ${pid}` });
    }
    await sleep(POLL_MS);
    if (signal.aborted) throw failure('E_ABORTED', 'cancelled; the node goes on stopping');
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process by now, or still: alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(failure('E_ABORTED', 'cancelled; the node goes on stopping'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

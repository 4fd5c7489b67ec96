import { Bell } from './bell.ts';
import { CheckJob, type CheckResult } from './check-job.ts';
import type { HashingContext } from './context.ts';
import type { CheckEvent, FilePart } from './contract.ts';
import type { HashingPool } from './pool.ts';

/** Reads and hashes the parts in the background. Whoever leaves the loop cancels what is left. */
export async function* checkParts(
  { metrics }: HashingContext,
  pool: HashingPool,
  parts: readonly FilePart[],
  gentle: boolean,
  signal: AbortSignal,
): AsyncGenerator<CheckEvent, void, undefined> {
  const bell = new Bell();
  const job = new CheckJob(parts, gentle, () => bell.ring());
  pool.add(job);
  try {
    while (!job.ended) {
      await bell.wait(signal);
      const events = eventsOf(job.take());
      for (const event of events) {
        if (event.kind === 'checked') metrics.add('bytes_checked', octetsOf(event, parts));
        yield event;
      }
    }
  } finally {
    pool.remove(job);
    job.cancel();
  }
}

function eventsOf(results: readonly CheckResult[]): CheckEvent[] {
  const checked = results.filter((result) => 'hashes' in result);
  const failed = results.filter((result) => 'error' in result);
  return [
    ...(checked.length > 0 ? [{ kind: 'checked' as const, parts: checked }] : []),
    ...failed.map(({ index, error }) => ({ kind: 'failed' as const, index, error })),
  ];
}

function octetsOf(event: CheckEvent & { kind: 'checked' }, parts: readonly FilePart[]): number {
  let octets = 0;
  for (const { index, size } of event.parts) {
    const { from, to } = parts[index]!;
    octets += Math.max(0, Math.min(to, size) - from);
  }
  return octets;
}

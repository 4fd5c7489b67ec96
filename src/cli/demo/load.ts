import type { NodeClient } from '../client.ts';
import { bytesText, secondsText } from '../units.ts';

/** What a node's process did in a stretch of time. */
export interface Load {
  readonly bytes_up: number;
  readonly bytes_down: number;
  readonly cpu_seconds: number;
}

/** The counters of a node now, and what they rose by since an earlier reading. */
export async function loadOf(client: NodeClient): Promise<Load & { since(before: Load): Load }> {
  const { bytes, cpu } = await client.call('stats', {});
  const now = { bytes_up: bytes.up, bytes_down: bytes.down, cpu_seconds: cpu.user + cpu.system };
  return {
    ...now,
    since: (before) => ({
      bytes_up: now.bytes_up - before.bytes_up,
      bytes_down: now.bytes_down - before.bytes_down,
      cpu_seconds: now.cpu_seconds - before.cpu_seconds,
    }),
  };
}

export function loadText(who: string, load: Load, bytes: number): string {
  const moved = load.bytes_up > load.bytes_down ? ['sent', load.bytes_up] : ['received', load.bytes_down];
  const eachGiB = bytes > 0 ? `, ${secondsText((load.cpu_seconds / bytes) * 2 ** 30)} a GiB` : '';
  return `${who} ${moved[0]} ${bytesText(Number(moved[1]))} for ${secondsText(load.cpu_seconds)} of CPU${eachGiB}`;
}

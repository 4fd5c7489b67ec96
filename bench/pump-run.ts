import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { siblingModule } from '../src/supervisor/tree/module-url.ts';

export interface PumpFigures {
  readonly mb_per_second: number;
  /** With the time until the disk has all of it, as a download of ours waits for; the same where nothing is written. */
  readonly durable_mb_per_second: number;
  readonly sender_cpu_per_gib: number;
  readonly receiver_cpu_per_gib: number;
}

/** Pumps a file once between two processes: discarded, or hashed and written to `out`. */
export async function pump(
  file: string,
  size: number,
  identity: { key: string; cert: string },
  out?: string,
): Promise<PumpFigures> {
  const script = fileURLToPath(siblingModule(import.meta.url, './pump'));
  const sender = spawn(process.execPath, [script, 'send', file, identity.key, identity.cert], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const fromSender = lines(sender);
  try {
    const { port } = await fromSender.next();
    const receiver = spawn(
      process.execPath,
      [script, 'receive', String(port), String(size), ...(out ? [out] : [])],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const received = await lines(receiver).next();
    const waited = out === undefined ? 0 : await secondsToDisk(out);
    const sent = await fromSender.next();
    const gib = size / 2 ** 30;
    return {
      mb_per_second: size / 1e6 / received.seconds!,
      durable_mb_per_second: size / 1e6 / (received.seconds! + waited),
      sender_cpu_per_gib: sent.cpu! / gib,
      receiver_cpu_per_gib: received.cpu! / gib,
    };
  } finally {
    sender.kill();
    await once(sender, 'exit').catch(() => {});
  }
}

async function secondsToDisk(path: string): Promise<number> {
  await using file = await open(path, 'r+');
  const from = performance.now();
  await file.datasync();
  return (performance.now() - from) / 1000;
}

function lines(child: ChildProcess): { next(): Promise<Record<string, number | undefined>> } {
  const iterator = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    async next() {
      const line = await iterator.next();
      if (line.done) throw new Error('the pump ended without a word');
      return JSON.parse(line.value) as Record<string, number>;
    },
  };
}

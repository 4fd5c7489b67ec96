import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folder, NodeProcess } from '../../bench/node-process.ts';
import { sha256Of, writeBytes } from '../../bench/workplace.ts';
import { NodeClient } from '../../src/cli/client.ts';
import { Random } from '../../src/supervisor/testing/random.ts';

export interface QuicKillsReport {
  readonly kills: number;
  /** Of them, those on the side that sends: it is noticed there by silence. */
  readonly senders: number;
  readonly transfers: number;
  /** What a transfer failed with, or had for wrong bytes. */
  readonly failed: readonly string[];
  /** Requests asked meanwhile, and those that failed. */
  readonly requests: number;
  readonly lost: readonly string[];
  readonly seconds: number;
}

/** One kill in so many hits the sender. */
const SENDER_EVERY = 10;
const PAUSE_MS = [200, 1_500] as const;

/**
 * Two nodes that speak QUIC alone; one downloads the same share again and again, and asks for its newest revision, while
 * the QUIC process of either is killed at moments of the seed. No transfer may fail, and no request.
 */
export async function quicKills(options: {
  kills: number;
  seed: number;
  bytes: number;
  onKill?: (kill: number) => void;
}): Promise<QuicKillsReport> {
  const root = await mkdtemp(join(tmpdir(), 'granary-quic-kills-'));
  const env = { GRANARY_TRANSPORT_POLICY: 'quic-only', GRANARY_NODE_LOG_LEVEL: 'error' };
  const start = (name: string) => NodeProcess.start(join(root, name), env, 0, ['quic://127.0.0.1:0']);
  const [seeder, reader] = await Promise.all([start('seeder'), start('reader')]);
  const from = performance.now();
  try {
    const path = join(await folder(root, 'source'), 'file.bin');
    await writeBytes(path, options.bytes, options.seed);
    const right = await sha256Of(path);
    const { share_id, link } = await seeder.run<{ share_id: string; link: string }>('publish', path);
    await reader.run('subscribe', link);
    const report = {
      kills: 0,
      senders: 0,
      transfers: 0,
      failed: [] as string[],
      requests: 0,
      lost: [] as string[],
    };
    const over = new AbortController();
    await Promise.all([
      killer(options, [seeder, reader], report).finally(() => over.abort()),
      whileNot(over.signal, async () => {
        const into = await folder(root, `out-${report.transfers}`);
        try {
          await reader.run('get', share_id, '--output', into);
          if ((await sha256Of(join(into, 'file.bin'))) !== right) report.failed.push('wrong bytes');
        } catch (error) {
          report.failed.push(String(error));
        }
        report.transfers++;
        await rm(into, { recursive: true, force: true });
      }),
      whileNot(over.signal, async () => {
        report.requests++;
        const { shares } = await reader.run<{
          shares: { error: { code: string; message: string } | null }[];
        }>('sync');
        for (const { error } of shares)
          if (error !== null) report.lost.push(`${error.code} ${error.message}`);
      }),
    ]);
    return { ...report, seconds: (performance.now() - from) / 1000 };
  } finally {
    await Promise.all([seeder.stop(), reader.stop()]);
    await rm(root, { recursive: true, force: true });
  }
}

async function killer(
  { kills, seed, onKill }: Parameters<typeof quicKills>[0],
  [seeder, reader]: readonly [NodeProcess, NodeProcess],
  report: { kills: number; senders: number },
): Promise<void> {
  const random = new Random(seed);
  const clients = [await NodeClient.connect(seeder.home), await NodeClient.connect(reader.home)];
  try {
    while (report.kills < kills) {
      const [least, most] = PAUSE_MS;
      await new Promise((resolve) => setTimeout(resolve, random.between(least, most)));
      const sender = report.kills % SENDER_EVERY === SENDER_EVERY - 1;
      const { quic } = await clients[sender ? 0 : 1]!.call('stats', {});
      if (quic?.state !== 'up' || quic.pid === null) continue;
      process.kill(quic.pid, 'SIGKILL');
      report.kills++;
      if (sender) report.senders++;
      onKill?.(report.kills);
    }
  } finally {
    for (const client of clients) client.close();
  }
}

async function whileNot(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) await work();
}

import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { sleep, systemClock } from '../src/supervisor/contract/clock.ts';
import { siblingModule } from '../src/supervisor/tree/module-url.ts';
import type { Bench } from './bench.ts';
import { NodeProcess } from './node-process.ts';
import { figuresText, medians, round } from './statistics.ts';
import { inWorkplace, pumpIdentity } from './workplace.ts';

const DEFAULT_SIZE = 10_000;
/** Each process has few enough that its own limit of descriptors is no matter. */
const PER_PROCESS = 2_500;
const SETTLE_MS = 10_000;
const WATCH_MS = 30_000;
/** Let them in as fast as they come, and stay. */
const ENV = {
  GRANARY_NETWORK_MAX_ACCEPTS_PER_SECOND: '100000',
  GRANARY_NETWORK_MAX_ACCEPTS_PER_SECOND_PER_NET: '100000',
  GRANARY_NETWORK_MAX_PENDING: '512',
  GRANARY_NETWORK_MAX_PENDING_PER_ADDRESS: '512',
  GRANARY_NETWORK_IDLE_MS: '3600000',
  GRANARY_NETWORK_HANDSHAKE_MS: '60000',
  GRANARY_NETWORK_MAX_SESSIONS: '100000',
  // They say nothing, and all come from one address.
  GRANARY_NETWORK_MAX_NEW_ACCEPTS_PER_SECOND: '100000',
  GRANARY_NETWORK_MAX_NEW_ACCEPTS_PER_SECOND_PER_NET: '100000',
};

/**
 * Sessions that nobody uses: memory and processor time of having them, both dearest on one shard. Beside them as many bare
 * connections of Node's TLS. Size: sessions.
 */
const idleSessions: Bench = {
  name: 'idle-sessions',
  run: ({ size = DEFAULT_SIZE, repeat = 1, log }) =>
    inWorkplace(async (root) => {
      const runs: Record<string, number>[] = [];
      let all = true;
      for (let turn = 0; turn < repeat; turn++) {
        const node = await NodeProcess.start(join(root, `node-${turn}`), ENV);
        const crowds: ChildProcess[] = [];
        try {
          await sleep(systemClock, SETTLE_MS, new AbortController().signal);
          const empty = { rss: await rssOf(node.pid), cpu: await idleCpu(node) };
          const began = performance.now();
          const sessions = await gathered(crowds, size, './idle-client', String(node.port));
          const seconds = (performance.now() - began) / 1000;
          await sleep(systemClock, SETTLE_MS, new AbortController().signal);
          const full = { rss: await rssOf(node.pid), cpu: await idleCpu(node) };
          const there = (await node.run<{ sessions: number }>('stats')).sessions;
          all &&= there === size && sessions === size;
          const figures = {
            sessions_per_second: sessions / seconds,
            kib_a_session: (full.rss - empty.rss) / 1024 / size,
            core_percent: full.cpu * 100,
            core_percent_without: empty.cpu * 100,
            bare_kib_a_session: await bareKib(root, size),
          };
          runs.push(figures);
          log(`run ${turn + 1}: ${figuresText(figures)}`);
        } finally {
          for (const child of crowds) child.kill('SIGKILL');
          await node.stop();
        }
      }
      const median = medians(runs);
      const beside = [
        {
          name: 'memory of a bare connection of TLS (KiB)',
          value: median.bare_kib_a_session!,
          ratio: round(median.kib_a_session! / median.bare_kib_a_session!),
        },
      ];
      return { runs, median, beside, checks: [{ name: 'every session was there at the end', ok: all }] };
    }),
};
export default idleSessions;

/** Part of a core that the node needs while nothing happens. */
async function idleCpu(node: NodeProcess): Promise<number> {
  const before = await node.cpu();
  await sleep(systemClock, WATCH_MS, new AbortController().signal);
  return ((await node.cpu()) - before) / (WATCH_MS / 1000);
}

async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
}

/** Resident memory of one connection of Node's own TLS. */
async function bareKib(root: string, size: number): Promise<number> {
  const { key, cert } = await pumpIdentity(root);
  const crowds: ChildProcess[] = [];
  try {
    const listener = begin(crowds, './idle-bare', 'listen', key, cert);
    const port = await said(listener, 'port');
    const settled = async () => {
      await sleep(systemClock, SETTLE_MS / 5);
      return await rssOf(listener.pid!);
    };
    const empty = await settled();
    await gathered(crowds, size, './idle-bare', 'connect', String(port));
    return ((await settled()) - empty) / 1024 / size;
  } finally {
    for (const child of crowds) child.kill('SIGKILL');
  }
}

/** Begins as many processes as it takes for so many sessions, one after another. How many sessions they have. */
async function gathered(
  crowds: ChildProcess[],
  size: number,
  name: string,
  ...args: readonly string[]
): Promise<number> {
  let sessions = 0;
  for (let left = size; left > 0; left -= PER_PROCESS) {
    sessions += await said(begin(crowds, name, ...args, String(Math.min(left, PER_PROCESS))), 'sessions');
  }
  return sessions;
}

function begin(crowds: ChildProcess[], name: string, ...args: readonly string[]): ChildProcess {
  const script = fileURLToPath(siblingModule(import.meta.url, name));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  crowds.push(child);
  return child;
}

/** The first number of that name that a process prints. */
async function said(child: ChildProcess, name: string): Promise<number> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const value = (JSON.parse(line) as Record<string, number | undefined>)[name];
    if (value !== undefined) return value;
  }
  throw new Error(`a process ended before it said its ${name}`);
}

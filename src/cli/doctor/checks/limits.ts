import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Settings } from '../../../settings/schema.ts';
import { countText } from '../../units.ts';
import { type Check, fail, ok, warn } from '../check.ts';
import type { Facts } from '../facts.ts';

/** Beside the sessions: databases, manifests, files being read and written, the runtime's own. */
const OTHER_FILES = 512;
/** Below this not even a quiet node works. */
const LEAST_FILES = 256;
/** Actors but transport, and what the runtime brings with it. */
const OTHER_THREADS = 24;
/** The runtime's own default, where the launcher was gone around. */
const DEFAULT_POOL = 4;

export interface SystemLimits {
  /** Open files of the process. */
  readonly files: number;
  /** Threads of the user, or of the group of processes, whichever is less. */
  readonly threads: number;
}

export function judgeFiles(limit: number, { network }: Settings, shards: number): Check {
  const sessions = network.max_sessions * shards;
  const needed = sessions + OTHER_FILES;
  const message = `${shown(limit)} files and sockets may be open at once; up to ${countText(sessions)} sessions are allowed`;
  const next = `raise the limit to ${needed} (systemd: LimitNOFILE=${needed}), or lower network.max_sessions`;
  if (limit < LEAST_FILES) return fail('open-files', message, next);
  return limit < needed ? warn('open-files', message, next) : ok('open-files', message);
}

export function judgeThreads(limit: number, needed: number, pool: number): Check {
  const message = `${shown(limit)} threads are allowed, a node needs about ${needed}; ${pool} serve disks and DNS`;
  if (limit < needed) return fail('threads', message, 'raise the limit (systemd: TasksMax=, ulimit -u)');
  if (pool >= DEFAULT_POOL) return ok('threads', message);
  return warn('threads', message, 'take UV_THREADPOOL_SIZE out of the environment: granary picks a good one');
}

/** Of the node that runs, else of this process, which a node would inherit. Empty where there is no `/proc`. */
export async function limits({ settings, node, env }: Facts): Promise<Check[]> {
  const limit = await systemLimits(node.state === 'running' ? node.stats.node.pid : 'self');
  if (settings === null || limit === null) return [];
  const cores = availableParallelism();
  const shards = settings.network.shards || Math.max(1, cores - 1);
  const pool = Number(env.UV_THREADPOOL_SIZE) || DEFAULT_POOL;
  const needed = shards + (settings.hashing.threads || cores) + pool + OTHER_THREADS;
  return [judgeFiles(limit.files, settings, shards), judgeThreads(limit.threads, needed, pool)];
}

async function systemLimits(pid: number | 'self'): Promise<SystemLimits | null> {
  try {
    const [table, groups] = await Promise.all(
      ['limits', 'cgroup'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1')),
    );
    const [files, threads] = ['Max open files', 'Max processes'].map((name) => softLimit(table!, name));
    return { files: files!, threads: Math.min(threads!, await groupLimit(groups!)) };
  } catch {
    return null;
  }
}

/** The soft limit of a line of `/proc/PID/limits`; Infinity for `unlimited` and for lines that are not there. */
export function softLimit(table: string, name: string): number {
  const line = table.split('\n').find((candidate) => candidate.startsWith(name));
  const word = line?.slice(name.length).trim().split(/\s+/)[0];
  return word === undefined || word === 'unlimited' ? Number.POSITIVE_INFINITY : Number(word);
}

/** Tasks that the control group allows: in a container it is the container's. */
async function groupLimit(groups: string): Promise<number> {
  const path = groups
    .split('\n')
    .find((line) => line.startsWith('0::'))
    ?.slice(3);
  const text = await readFile(`/sys/fs/cgroup${path ?? ''}/pids.max`, 'latin1').catch(() => 'max');
  return text.trim() === 'max' ? Number.POSITIVE_INFINITY : Number(text);
}

const shown = (limit: number): string => (Number.isFinite(limit) ? countText(limit) : 'any number of');

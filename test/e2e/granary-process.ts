import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const launcher = resolve(import.meta.dirname, '../../bin/granary.cjs');

export interface Outcome<T = Record<string, never>> {
  readonly code: number | null;
  readonly ok: boolean;
  readonly events: readonly Record<string, unknown>[];
  readonly result: T;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly subject?: string;
    readonly next?: string;
  };
}

/** Runs one command with `--json` to its end. Anything but NDJSON with one last line on standard output is an error. */
export async function granary<T = Record<string, never>>(
  home: string,
  args: readonly string[],
  options: { env?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Outcome<T>> {
  const child = spawn(process.execPath, [launcher, ...args, '--json', '--home', home], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal && { signal: options.signal }),
  });
  const lines: Record<string, unknown>[] = [];
  let noise = '';
  child.stderr!.on('data', (data) => {
    noise += data;
  });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout! })) lines.push(JSON.parse(line));
  const [code] = (await exited) as [number | null];
  const last = lines.pop() as { ok?: boolean; result: T; error: Outcome['error'] } | undefined;
  if (typeof last?.ok !== 'boolean') throw new Error(`no last line from granary ${args.join(' ')}; ${noise}`);
  return { code, ok: last.ok, events: lines, result: last.result, error: last.error };
}

/** A node in a process of its own with a home of its own. */
export class Node {
  readonly home: string;
  readonly child: ChildProcess;
  readonly ready: { node_key: string; node_id: string; addresses: string[]; seconds: number };
  readonly events: Record<string, unknown>[];

  private constructor(
    home: string,
    child: ChildProcess,
    ready: Node['ready'],
    events: Record<string, unknown>[],
  ) {
    this.home = home;
    this.child = child;
    this.ready = ready;
    this.events = events;
  }

  static async start(
    options: {
      home?: string;
      listen?: string;
      args?: readonly string[];
      /** Of Node.js itself. */
      execArgv?: readonly string[];
    } = {},
  ): Promise<Node> {
    const home = options.home ?? (await mkdtemp(join(tmpdir(), 'granary-e2e-')));
    const child = spawn(
      process.execPath,
      [
        ...(options.execArgv ?? []),
        launcher,
        'up',
        '--json',
        '--home',
        home,
        '--listen',
        options.listen ?? 'tcp://127.0.0.1:0',
        '--keys',
        'plain',
        ...(options.args ?? []),
      ],
      { env: { ...process.env, GRANARY_NODE_LOG_LEVEL: 'warn' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let noise = '';
    child.stderr!.on('data', (data) => {
      noise += data;
    });
    const events: Record<string, unknown>[] = [];
    return new Promise((resolve, reject) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        const event = JSON.parse(line) as Record<string, unknown>;
        events.push(event);
        if (event.event === 'ready') resolve(new Node(home, child, event as Node['ready'], events));
        if (event.ok === false) reject(new Error(line));
      });
      child.once('exit', (code) => reject(new Error(`up ended with ${code}: ${noise}`)));
    });
  }

  /** The address others dial, `tcp://ip:port`. */
  get address(): string {
    return this.ready.addresses[0]!;
  }

  run<T>(...args: string[]): Promise<Outcome<T>> {
    return granary<T>(this.home, args);
  }

  /** The result of a command that must succeed. */
  async must<T>(...args: string[]): Promise<T> {
    const outcome = await this.run<T>(...args);
    if (!outcome.ok) throw new Error(`granary ${args.join(' ')}: ${JSON.stringify(outcome.error)}`);
    return outcome.result;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    await gone;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.home, { recursive: true, force: true });
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const launcher = resolve(import.meta.dirname, '../../bin/granary.cjs');
/** Loaded machines take their time; a node that hangs takes for ever. */
const START_MS = 240_000;

export interface Ready {
  readonly node_key: string;
  readonly addresses: readonly string[];
}

/** A start that ended otherwise than with a node that is up. `code` is that of its last line, if it had one. */
export class FailedStart extends Error {
  readonly code: string | null;

  constructor(message: string, code: string | null = null) {
    super(message);
    this.code = code;
  }
}

export interface LifeOptions {
  readonly home: string;
  /** Its standard error is added to this file. */
  readonly log: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What is read of the lines of `granary up --json`. */
interface Line {
  readonly event?: string;
  readonly actor?: string;
  readonly cause?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** One life of a node in a process of its own, from its first instruction on. */
export class NodeLife {
  /** Rejects with `FailedStart`, also when it was killed before. */
  readonly ready: Promise<Ready>;
  /** From the start of the process to ready. */
  seconds = 0;
  /** Parts that died in it, with their causes: only a kill from outside is expected here. */
  readonly deaths: string[] = [];
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  #ending = false;

  constructor({ home, log, args = [], env = {} }: LifeOptions) {
    const from = performance.now();
    const errors = openSync(log, 'a', 0o600);
    const fixed = ['up', '--json', '--home', home, '--listen', 'tcp://127.0.0.1:0', '--keys', 'plain'];
    this.#child = spawn(process.execPath, [launcher, ...fixed, ...args], {
      env: { GRANARY_NODE_LOG_LEVEL: 'warn', ...process.env, ...env },
      stdio: ['ignore', 'pipe', errors],
    });
    closeSync(errors);
    alive.add(this.#child);
    this.#gone = once(this.#child, 'exit').then(([code, signal]) => {
      alive.delete(this.#child);
      if (!this.#ending && this.seconds > 0)
        this.deaths.push(`the process: ${signal ?? `exit code ${code}`}`);
    });
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new FailedStart(`not ready after ${START_MS / 1000} s`));
        this.#child.kill('SIGKILL');
      }, START_MS);
      createInterface({ input: this.#child.stdout! }).on('line', (text) => {
        const line = JSON.parse(text) as Line;
        if (line.event === 'actor-restarted') this.deaths.push(`${line.actor}: ${line.cause}`);
        if (line.event === 'ready') {
          clearTimeout(timer);
          this.seconds = (performance.now() - from) / 1000;
          resolve(line as unknown as Ready);
        }
        if (line.error) reject(new FailedStart(`${line.error.code} ${line.error.message}`, line.error.code));
      });
      void this.#gone.then(() => {
        clearTimeout(timer);
        // What it wrote last may still be on its way.
        const lost = () => reject(new FailedStart(`the process ended; ${lastWords(log)}`));
        if (this.seconds === 0) setTimeout(lost, 200);
      });
    });
    this.ready.catch(() => {});
  }

  /** kill -9; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#ending = true;
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  /** Asks for a stop in order, and does not wait for it. */
  askToStop(): void {
    this.#ending = true;
    this.#child.kill('SIGTERM');
  }

  async gone(): Promise<void> {
    await this.#gone;
  }
}

/** The end of a log, for whoever reads of a failure only what the terminal has. */
const lastWords = (log: string): string =>
  existsSync(log) ? `${log} ends with: ${readFileSync(log, 'utf8').slice(-400)}` : 'its log is gone';

/** One command to its end: exit code, and what stands on its last line. */
export async function runCommand(
  home: string,
  args: readonly string[],
): Promise<{ code: number; last: Record<string, unknown> }> {
  const child = spawn(process.execPath, [launcher, ...args, '--json', '--home', home], {
    env: { ...process.env, GRANARY_STORE_KEYS: 'plain', GRANARY_NODE_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  alive.add(child);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let last = '{}';
  for await (const line of createInterface({ input: child.stdout! })) last = line;
  const [code] = await exited;
  alive.delete(child);
  return { code: code ?? -1, last: JSON.parse(last) as Record<string, unknown> };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { failure } from '../../errors.ts';
import { packageRoot } from '../../package-root.ts';

const START_MS = 30_000;
const STOP_MS = 20_000;

/** What the demo reads of the lines of `granary up --json`. */
const lineSchema = z.object({
  event: z.string().optional(),
  ok: z.boolean().optional(),
  result: z.object({ clean: z.boolean() }).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** A node in a process of its own, started as anybody starts one: `granary up --json`. */
export class UpProcess {
  readonly home: string;
  /** From the start of the process to ready, in seconds. */
  readonly seconds: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #last: z.infer<typeof lineSchema> | null = null;

  private constructor(home: string, child: ChildProcess, seconds: number) {
    this.home = home;
    this.seconds = seconds;
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      else child.once('exit', () => resolve());
    });
  }

  /** Resolves when the node is ready. Whatever goes wrong first, the process is gone then. */
  static async start(home: string, signal: AbortSignal): Promise<UpProcess> {
    const from = performance.now();
    const listen = ['--listen', 'tcp://127.0.0.1:0', '--keys', 'plain', '--log-level', 'error'];
    const child = spawn(
      process.execPath,
      [join(packageRoot(), 'bin', 'granary.cjs'), 'up', '--json', '--home', home, ...listen],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines = createInterface({ input: child.stdout! });
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
    const onAbort = () => child.kill('SIGKILL');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const node = await new Promise<UpProcess>((resolve, reject) => {
        let node: UpProcess | null = null;
        child.once('error', (error) => reject(failure('E_START_FAILED', error.message)));
        lines.on('line', (text) => {
          const line = lineSchema.safeParse(parsed(text)).data ?? null;
          if (line === null) return;
          if (line.event === 'ready') {
            node = new UpProcess(home, child, (performance.now() - from) / 1000);
            resolve(node);
          }
          if (node) node.#last = line;
          if (line.error) {
            reject(failure('E_START_FAILED', `${line.error.code} ${line.error.message}`, { subject: home }));
          }
        });
        lines.once('close', () =>
          reject(failure('E_START_FAILED', 'the node did not come up', { subject: home })),
        );
      });
      return node;
    } catch (error) {
      child.kill('SIGKILL');
      throw signal.aborted ? failure('E_ABORTED', 'cancelled') : error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Stops in order, as SIGTERM does. True if nothing had to be cut. */
  async stop(): Promise<boolean> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
    return this.#last?.result?.clean ?? false;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

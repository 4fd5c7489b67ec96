import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

type Line = Record<string, unknown> & { event?: string; id?: number; error?: unknown };

/** A node of the reference, driven by JSON lines (`refpeer`). */
export class ReferencePeer {
  readonly ready: Line;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #id = 0;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, ready: Line) {
    this.#child = child;
    this.#lines = lines;
    this.ready = ready;
  }

  static async start(program: string, ...flags: string[]): Promise<ReferencePeer> {
    const child = spawn(program, flags, { stdio: ['pipe', 'pipe', 'ignore'] });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${program} ended before it was ready`);
      const line = JSON.parse(value) as Line;
      if (line.event === 'ready') return new ReferencePeer(child, lines, line);
    }
  }

  /** One command, one answer. */
  async run(command: Record<string, unknown>): Promise<Line> {
    const id = ++this.#id;
    this.#child.stdin!.write(`${JSON.stringify({ id, ...command })}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`the reference ended at ${JSON.stringify(command)}`);
      const line = JSON.parse(value) as Line;
      if (line.id !== id) continue;
      if (line.error !== undefined) throw new Error(`${command.cmd}: ${JSON.stringify(line.error)}`);
      return line;
    }
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

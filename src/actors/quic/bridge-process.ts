import { type ChildProcess, spawn } from 'node:child_process';
import { type BridgeCommand, type BridgeEvent, LineReader, lineOf } from '../../bridge-link/control-lines.ts';
import { runAheadOfNode } from './ahead-of-node.ts';
import type { EngineProgram } from './engine.ts';

/** A bridge that does not answer the end of its input is killed. */
const END_MS = 2_000;
/** The end of what it says on standard error is kept, for the log. */
const LAST_WORDS = 2_000;
/** It says so once for the flag it is given; it means what is wanted. */
const EXPECTED = /^DANGER: TLS certificate validation.*\n?/gm;

export interface BridgeEvents {
  event(event: BridgeEvent): void;
  /** Once, last: every stream of it is closed. */
  ended(end: { readonly reason: string }): void;
}

/** One life of the bridge's process. */
export class BridgeProcess {
  readonly #child: ChildProcess;
  #said = '';
  #over = false;

  constructor(program: EngineProgram, events: BridgeEvents) {
    const { binary, environment } = program;
    this.#child = spawn(binary, program.arguments, { stdio: ['pipe', 'pipe', 'pipe'], env: environment });
    if (this.#child.pid !== undefined) runAheadOfNode(this.#child.pid);
    const lines = new LineReader<BridgeEvent>();
    this.#child.stdout!.setEncoding('utf8').on('data', (piece: string) => {
      try {
        for (const event of lines.push(piece)) if (!this.#over) events.event(event);
      } catch (error) {
        this.#said += `; it said what is no message: ${error}`;
        this.#child.kill('SIGKILL');
      }
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (piece: string) => {
      this.#said = (this.#said + piece).replace(EXPECTED, '').slice(-LAST_WORDS);
    });
    const end = (reason: string) => {
      if (this.#over) return;
      this.#over = true;
      const said = this.#said.trim();
      events.ended({ reason: said === '' ? reason : `${reason}: ${said}` });
    };
    // Its end is seen by the exit, and told by it.
    this.#child.stdin!.on('error', () => {});
    this.#child.once('error', (error) => end(`it does not start: ${error.message}`));
    // Not `exit`: what it said last may still be in the pipe.
    this.#child.once('close', (code, signal) => end(`it ended with ${signal ?? `code ${code}`}`));
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  send(command: BridgeCommand): void {
    this.#child.stdin!.write(lineOf(command));
  }

  /** Has it say goodbye to its peers and end; resolves when it is gone. */
  async end(): Promise<void> {
    if (this.#over) return;
    const gone = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    this.#child.stdin!.end();
    await gone;
    clearTimeout(timer);
  }
}

import pc from 'picocolors';
import { exitCodeOf } from '../errors.ts';
import { ActorError } from '../supervisor/contract/actor-error.ts';
import { printable } from './printable.ts';

export type Colors = ReturnType<typeof pc.createColors>;

/** Where a command writes: streams of the process, or of a test. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Everything a command says. With `--json` standard output is NDJSON: event lines, then exactly one last line,
 * `{"ok":true,"result":...}` or `{"ok":false,"error":...}`, and nothing else. Without it, text for people.
 */
export class Output {
  readonly json: boolean;
  readonly colors: Colors;
  /** No words beside the result. */
  quiet = false;
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  #closed = false;

  constructor(options: OutputOptions) {
    this.json = options.json;
    this.#stdout = options.stdout;
    this.#stderr = options.stderr;
    const { NO_COLOR, FORCE_COLOR } = options.env;
    const wanted = FORCE_COLOR ? FORCE_COLOR !== '0' : Boolean(options.stdout.isTTY);
    this.colors = pc.createColors(!options.json && !NO_COLOR && wanted);
  }

  /** True where a progress bar may be drawn: on standard error, so that results can be piped. */
  get drawsProgress(): boolean {
    return !this.json && !this.quiet && Boolean(this.#stderr.isTTY);
  }

  /** Something happened on the way. People read the text, if there is one. */
  event(name: string, fields: object, text?: string): void {
    if (this.json) this.#line({ event: name, ...fields });
    else if (text !== undefined && !this.quiet) this.#stdout.write(`${text}\n`);
  }

  /** Words for people alone. */
  say(text: string): void {
    if (!this.json && !this.quiet) this.#stdout.write(`${text}\n`);
  }

  /** Words on the way that are no part of the result: on standard error. */
  note(text: string): void {
    if (!this.quiet) this.#stderr.write(`${text}\n`);
  }

  /** The last word of a command that worked. */
  result(result: object, text: () => string): void {
    if (this.json) this.#last({ ok: true, result });
    else {
      const words = text();
      if (words !== '') this.#stdout.write(`${words}\n`);
    }
  }

  /** The last word of a command that failed. Returns its exit code. */
  fail(error: unknown): number {
    const { code, message, subject, next } = asFailure(error);
    if (this.json) {
      this.#last({ ok: false, error: { code, message, subject, next } });
    } else {
      const { red, dim } = this.colors;
      const about = subject === undefined ? '' : `: ${printable(subject)}`;
      this.#stderr.write(`${red('error')} ${printable(message)}${about} ${dim(`(${code})`)}\n`);
      if (next !== undefined) this.#stderr.write(`  ${dim('next')} ${printable(next)}\n`);
    }
    return exitCodeOf(code);
  }

  #last(line: object): void {
    if (this.#closed) throw new Error('a command has one last line');
    this.#line(line);
    this.#closed = true;
  }

  #line(line: object): void {
    if (!this.#closed) this.#stdout.write(`${JSON.stringify(line)}\n`);
  }
}

/** A bug of our own is told as one; its stack is worth more than a guess. */
function asFailure(error: unknown): Pick<ActorError, 'code' | 'message' | 'subject' | 'next'> {
  if (error instanceof ActorError) return error;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'E_INTERNAL', message, subject: undefined, next: 'please report this' };
}

/**
 * The one error that may cross between actors.
 *
 * A posted `Error` loses its name and code on the way to another thread, so errors travel as plain
 * `ErrorRecord`s and are rebuilt on arrival. An `ActorError` thrown by a handler is an answer (a value for
 * the caller); anything else thrown by a handler is a bug and crashes the actor.
 */
export interface ErrorRecord {
  /** Stable code, `E_...`. */
  readonly code: string;
  /** What went wrong, in words. */
  readonly message: string;
  /** The thing it happened to: a path, an address, a share. */
  readonly subject?: string;
  /** What the operator can do next. */
  readonly next?: string;
  /** True when the same call may succeed later without anything being changed. */
  readonly retryable?: boolean;
  readonly cause?: ErrorRecord;
}

export interface ActorErrorOptions {
  subject?: string | undefined;
  next?: string | undefined;
  retryable?: boolean | undefined;
  cause?: unknown;
}

/** A failure that is expected: it crosses threads as it is, and `code` says which. Anything else that is thrown is a bug. */
export class ActorError extends Error {
  override readonly name = 'ActorError';
  readonly code: string;
  readonly subject: string | undefined;
  readonly next: string | undefined;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: ActorErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.subject = options.subject;
    this.next = options.next;
    this.retryable = options.retryable ?? false;
  }
}

/** Depth to which causes are kept: enough for the story, not enough for a cycle to matter. */
const CAUSE_DEPTH = 4;

/** Flattens anything thrown into a record. Never throws. */
export function toErrorRecord(thrown: unknown, depth = CAUSE_DEPTH): ErrorRecord {
  if (!(thrown instanceof Error)) return { code: 'E_UNKNOWN', message: String(thrown) };
  const own = thrown as Error &
    Partial<Pick<ActorError, 'subject' | 'next' | 'retryable'>> & { code?: unknown };
  return {
    code: typeof own.code === 'string' ? own.code : own.name,
    message: own.message,
    ...(own.subject !== undefined && { subject: own.subject }),
    ...(own.next !== undefined && { next: own.next }),
    ...(own.retryable && { retryable: true }),
    ...(own.cause !== undefined && depth > 0 && { cause: toErrorRecord(own.cause, depth - 1) }),
  };
}

/** Rebuilds the error a record was made of. */
export function fromErrorRecord(record: ErrorRecord): ActorError {
  return new ActorError(record.code, record.message, {
    subject: record.subject,
    next: record.next,
    retryable: record.retryable,
    ...(record.cause && { cause: fromErrorRecord(record.cause) }),
  });
}

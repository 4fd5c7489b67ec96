import pino from 'pino';
import type { Log } from '../contract/actor.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
/** The least that is written; `silent`: nothing. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * NDJSON lines on standard error. Every thread writes for itself and at once (one `write` a line, so lines
 * never mix): a line of a crashing worker must be out before the worker is gone.
 */
export function createLog(level: LogLevel, bindings: Record<string, unknown>): Log {
  const destination = pino.destination({ dest: 2, sync: true });
  return pino({ level, base: bindings, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

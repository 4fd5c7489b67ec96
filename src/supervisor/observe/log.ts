import pino from 'pino';
import type { Log } from '../contract/actor.ts';
import type { LogLevel } from './log-level.ts';

/**
 * NDJSON lines on standard error, each written at once. The main thread writes those of the workers too: what they told before
 * they ended arrives before the news of their end.
 */
export function createLog(level: LogLevel, bindings: Record<string, unknown>): Log {
  const destination = pino.destination({ dest: 2, sync: true });
  return pino({ level, base: bindings, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** From all there is to nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
/** The least that is written; `silent`: nothing. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One thing the doctor looked at. Field names are those of the command's result. */
export interface Check {
  readonly name: string;
  /** `warn`: works, and may not for long or not for all. `fail`: does not work. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do; null when there is nothing to do. */
  readonly next: string | null;
}

export const ok = (name: string, message: string): Check => ({ name, status: 'ok', message, next: null });

export const warn = (name: string, message: string, next: string): Check => ({
  name,
  status: 'warn',
  message,
  next,
});

export const fail = (name: string, message: string, next: string): Check => ({
  name,
  status: 'fail',
  message,
  next,
});

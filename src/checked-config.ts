import type { z } from 'zod';
import { failure } from './errors.ts';

/** The configuration of an actor, with its defaults. `E_CONFIG` for values out of bounds: workers are not the ones to find that out. */
export function checked<S extends z.ZodType>(group: string, schema: S, values: unknown): z.output<S> {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw failure('E_CONFIG', `${group}.${issue?.path.join('.')}: ${issue?.message}`);
}

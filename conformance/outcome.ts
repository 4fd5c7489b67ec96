import type { Verdict } from '../src/protocol/objects/verdict.ts';
import { asText, MalformedVectors } from './json.ts';

/** `ok` or `error`, of a text like "error: manifest has expired": the wording is the reference's own affair. */
export function expectedOutcome(value: unknown, what: string): 'ok' | 'error' {
  const text = asText(value, what);
  if (text === 'ok') return 'ok';
  if (text.startsWith('error')) return 'error';
  throw new MalformedVectors(`${what}: neither ok nor error`);
}

export function outcome(verdict: Verdict): 'ok' | 'error' {
  return verdict.ok ? 'ok' : 'error';
}

import type { ConfigReload } from '../actors/supervisor/contract.ts';
import type { SettingProblem } from '../settings/problem.ts';
import type { Colors } from './output.ts';
import { printable } from './printable.ts';

/** What a reload came to, in words. */
export function reloadText({ applied, needs_restart: waiting }: ConfigReload): string {
  const words = [
    applied.length > 0 ? `in force now: ${applied.join(', ')}` : null,
    waiting.length > 0 ? `waiting for a restart: ${waiting.join(', ')}` : null,
  ].filter((part) => part !== null);
  return `The configuration was read again; ${words.length === 0 ? 'nothing changed' : words.join('; ')}.`;
}

/** What is wrong with a configuration, a line each. */
export const configErrorText = (errors: readonly SettingProblem[], { red, dim }: Colors): string =>
  errors
    .map(({ message, origin }) => `${red('error')} ${printable(message)} ${dim(`(${printable(origin)})`)}`)
    .join('\n');

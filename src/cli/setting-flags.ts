import type { Command } from 'commander';
import { failure } from '../errors.ts';
import { collect } from './arguments.ts';

interface NamedFlag {
  readonly flag: string;
  readonly key: string;
  readonly description: string;
}

/** Settings that have a flag of their own; the others are reached by `--set`. */
export const NAMED_FLAGS: readonly NamedFlag[] = [
  {
    flag: '--listen <address>',
    key: 'network.listen',
    description: 'tcp://IP:PORT or quic://IP:PORT, port 0 for a free one; may be repeated',
  },
  {
    flag: '--advertise <address>',
    key: 'network.advertise',
    description: 'what links say instead of the addresses found here; may be repeated',
  },
  {
    flag: '--bootstrap <address>',
    key: 'network.bootstrap',
    description: 'a node to ask beside those of the links; may be repeated',
  },
  {
    flag: '--shards <n>',
    key: 'network.shards',
    description: 'transport threads (default: one a core but one)',
  },
  {
    flag: '--keys <way>',
    key: 'store.keys',
    description: 'keyfile: sealed under a generated key file; passphrase: under yours; plain: as they are',
  },
  {
    flag: '--log-level <level>',
    key: 'node.log_level',
    description: 'trace, debug, info, warn, error or silent',
  },
];

const SET = '--set <group.key=value>';

/** Adds the flags that give settings to a command. */
export function addSettingFlags(command: Command): Command {
  for (const { flag, description } of NAMED_FLAGS) {
    if (description.endsWith('may be repeated')) command.option(flag, description, collect);
    else command.option(flag, description);
  }
  return command.option(SET, 'any setting of the configuration; may be repeated', collect);
}

/** What was given, by `group.name`. The named flags win over `--set`. `E_USAGE` for one that assigns nothing. */
export function settingsOfFlags(command: Command): Map<string, unknown> {
  const flags = new Map<string, unknown>();
  const given = (flag: string): unknown => {
    const option = command.options.find((candidate) => candidate.flags === flag);
    return option && command.getOptionValue(option.attributeName());
  };
  for (const assignment of (given(SET) as string[] | undefined) ?? []) {
    const equals = assignment.indexOf('=');
    if (equals < 1) {
      throw failure('E_USAGE', '--set takes group.key=value', { subject: assignment });
    }
    flags.set(assignment.slice(0, equals).trim(), assignment.slice(equals + 1));
  }
  for (const { flag, key } of NAMED_FLAGS) {
    const value = given(flag);
    if (value !== undefined) flags.set(key, value);
  }
  return flags;
}

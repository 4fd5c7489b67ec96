import { failure } from '../errors.ts';

export interface UpOptions {
  readonly listen?: string[];
  readonly advertise?: string[];
  readonly bootstrap?: string[];
  readonly shards?: string;
  readonly keys?: string;
  readonly logLevel?: string;
  readonly set?: string[];
}

/** The flags of `granary up` as settings by `group.name`. The named ones win over `--set`. */
export function upFlags(options: UpOptions): Map<string, unknown> {
  const flags = new Map<string, unknown>();
  for (const assignment of options.set ?? []) {
    const equals = assignment.indexOf('=');
    if (equals < 1) {
      throw failure('E_USAGE', '--set takes group.key=value', { subject: assignment });
    }
    flags.set(assignment.slice(0, equals).trim(), assignment.slice(equals + 1));
  }
  const named: readonly (readonly [string, unknown])[] = [
    ['network.listen', options.listen],
    ['network.advertise', options.advertise],
    ['network.bootstrap', options.bootstrap],
    ['network.shards', options.shards],
    ['store.keys', options.keys],
    ['node.log_level', options.logLevel],
  ];
  for (const [key, value] of named) if (value !== undefined) flags.set(key, value);
  return flags;
}

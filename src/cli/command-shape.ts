import type { Command } from 'commander';

export interface OptionShape {
  /** `--listen`, and `-o` where there is a short form; the long one first. */
  readonly names: readonly string[];
  /** As the help writes them: `-o, --output <dir>`. */
  readonly flags: string;
  readonly description: string;
  /** What stands for its value, `dir`; null when it takes none. */
  readonly value: string | null;
  readonly choices: readonly string[];
  readonly repeatable: boolean;
}

export interface ArgumentShape {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly choices: readonly string[];
}

/** A command as its definition has it, for what is made from all of them: completion, the manual. */
export interface CommandShape {
  /** `['config', 'check']`; empty for the program. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly OptionShape[];
  readonly arguments: readonly ArgumentShape[];
  readonly commands: readonly CommandShape[];
}

export function commandShape(command: Command, path: readonly string[] = []): CommandShape {
  return {
    path,
    description: command.description(),
    options: command.options
      .filter((option) => !option.hidden)
      .map((option) => ({
        names: [option.long, option.short].filter((name) => typeof name === 'string'),
        flags: option.flags,
        description: option.description,
        value: /<([^>.]+)/.exec(option.flags)?.[1] ?? null,
        choices: option.argChoices ?? [],
        repeatable: option.variadic || option.description.endsWith('may be repeated'),
      })),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
      required: argument.required,
      variadic: argument.variadic,
      choices: argument.argChoices ?? [],
    })),
    commands: command.commands.map((child) => commandShape(child, [...path, child.name()])),
  };
}

/** The command and all below it, in the order of the help. */
export const everyCommand = (shape: CommandShape): CommandShape[] => [
  shape,
  ...shape.commands.flatMap(everyCommand),
];

/** What a value or an argument names, by the word that stands for it. */
export function kindOfValue(name: string): 'file' | 'folder' | 'other' {
  if (name === 'dir') return 'folder';
  return name === 'file' || name === 'paths' ? 'file' : 'other';
}

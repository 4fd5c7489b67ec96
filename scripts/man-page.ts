import type { Command } from 'commander';
import {
  type ArgumentShape,
  type CommandShape,
  commandShape,
  everyCommand,
  type OptionShape,
} from '../src/cli/command-shape.ts';
import { VERSION } from '../src/version.ts';

/** What the definitions of the commands do not say. */
const EXIT_STATUS: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done'],
  ['1', 'failed'],
  ['2', 'wrong usage or configuration'],
  ['3', 'not found'],
  ['4', 'refused'],
  ['5', 'timed out'],
  ['6', 'wrong bytes'],
  ['7', 'no node runs on the data folder'],
  ['70', 'a part of the node died too often'],
  ['130', 'interrupted'],
];
const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['GRANARY_HOME', 'the data folder, where --home does not name one'],
  ['GRANARY_CONFIG', 'the configuration file, where --config does not name one'],
  [
    'GRANARY_GROUP_NAME',
    'the setting name of a group, for example GRANARY_NETWORK_LISTEN; lists are separated by commas',
  ],
  [
    'XDG_DATA_HOME, XDG_CONFIG_HOME, XDG_RUNTIME_DIR',
    'where the data folder, the key file and, for long paths, the control socket lie',
  ],
  ['NO_COLOR, FORCE_COLOR', 'no colours, and colours, whatever the output is'],
];
const SIGNALS: readonly (readonly [name: string, meaning: string])[] = [
  ['SIGTERM, SIGINT', 'stop in order; a second SIGINT cuts at once'],
  [
    'SIGHUP',
    'read the configuration again, as granary config reload does; when the terminal is gone, stop in order',
  ],
];
const FILES: readonly (readonly [name: string, meaning: string])[] = [
  ['~/.local/share/granary', 'the data folder'],
  ['config.toml', 'in the data folder: the configuration'],
  ['~/.config/granary/key', 'the key file that opens the sealed keys of the data folder'],
];

/** The manual page of the whole command line, from its own definitions. Ends with a line feed. */
export function manPage(program: Command): string {
  const shape = commandShape(program);
  const lines = [
    '.\\" Made from the definitions of the commands: npm run man.',
    `.TH GRANARY 1 "" ${word(`granary ${VERSION}`)} "User Commands"`,
    '.SH NAME',
    `granary \\- ${text(`${shape.description[0]?.toLowerCase()}${shape.description.slice(1)}`)}`,
    '.SH SYNOPSIS',
    '.B granary',
    '[options] command [arguments]',
    '.SH OPTIONS',
    'These are taken by every command.',
    ...options(shape.options),
    ...options([HELP]),
    '.SH COMMANDS',
    ...everyCommand(shape)
      .filter(({ path, commands }) => path.length > 0 && commands.length === 0)
      .flatMap((command) => section(command, exampleOf(program, command.path))),
    ...pairs('EXIT STATUS', EXIT_STATUS),
    ...pairs('SIGNALS', SIGNALS),
    ...pairs('ENVIRONMENT', ENVIRONMENT),
    ...pairs('FILES', FILES),
  ];
  return `${lines.join('\n')}\n`;
}

const HELP: OptionShape = {
  names: ['--help', '-h'],
  flags: '-h, --help',
  description: 'say what the program or a command takes, with an example',
  value: null,
  choices: [],
  repeatable: false,
};

function section(command: CommandShape, example: string | null): string[] {
  const takes = command.arguments.map(argument).join(' ');
  return [
    `.SS ${word(`granary ${command.path.join(' ')}${command.options.length > 0 ? ' [options]' : ''} ${takes}`.trim())}`,
    text(sentence(command.description)),
    ...command.arguments
      .filter(({ description }) => description !== '')
      .flatMap((each) => [
        '.TP',
        `.I ${text(argument(each))}`,
        text(withChoices(each.description, each.choices)),
      ]),
    ...options(command.options),
    ...(example === null ? [] : ['.P', 'Example:', '.P', '.in +4', '.nf', text(example), '.fi', '.in']),
  ];
}

const options = (list: readonly OptionShape[]): string[] =>
  list.flatMap(({ flags, description, choices }) => [
    '.TP',
    `.B ${text(flags)}`,
    text(withChoices(description, choices)),
  ]);

function pairs(title: string, rows: readonly (readonly [string, string])[]): string[] {
  return [`.SH ${title}`, ...rows.flatMap(([name, meaning]) => ['.TP', `.B ${text(name)}`, text(meaning)])];
}

function argument({ name, required, variadic }: ArgumentShape): string {
  const shown = `${name}${variadic ? '...' : ''}`;
  return required ? `<${shown}>` : `[${shown}]`;
}

const withChoices = (description: string, choices: readonly string[]): string =>
  choices.length === 0 ? description : `${description} (${choices.join(', ')})`.trim();

const sentence = (words: string): string => `${words[0]?.toUpperCase()}${words.slice(1)}.`;

/** The command line under `Example:` in the help of a command. */
function exampleOf(program: Command, path: readonly string[]): string | null {
  let command = program;
  for (const name of path) command = command.commands.find((child) => child.name() === name)!;
  let help = '';
  command.configureOutput({ writeOut: (part) => (help += part), getOutHelpWidth: () => 100 });
  command.outputHelp();
  return /^Example:\n {2}\$ (.+)$/m.exec(help)?.[1] ?? null;
}

/** Text as roff shows it: nothing in it is a request or an escape, and a hyphen can be copied into a shell. */
function text(words: string): string {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}

/** As one argument of a request. */
const word = (words: string): string => `"${text(words).replaceAll('"', '""')}"`;

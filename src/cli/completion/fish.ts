import { type CommandShape, everyCommand, kindOfValue, type OptionShape } from '../command-shape.ts';

/** One line a command, option and choice. */
export function fishCompletion(program: CommandShape): string {
  const lines = everyCommand(program).flatMap((command) => [
    ...command.options.map((option) => optionLine(command, option)),
    ...command.commands.map((child) => commandLine(command, child)),
    ...argumentLines(command),
  ]);
  return `# fish completion of granary: put it as granary.fish into ~/.config/fish/completions.
complete -c granary -l help -s h -d 'display help for command'
${lines.join('\n')}
`;
}

/** True where this command is the one being written. */
function condition({ path, commands }: CommandShape): string {
  const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`);
  const below = commands.map((child) => child.path.at(-1));
  const none = below.length > 0 ? [`not __fish_seen_subcommand_from ${below.join(' ')}`] : [];
  return [...seen, ...none].join('; and ');
}

function optionLine(command: CommandShape, option: OptionShape): string {
  const { names, description, value, choices } = option;
  // Options of the program are taken everywhere.
  const where = command.path.length === 0 ? '' : ` -n ${quoted(seen(command))}`;
  const forms = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return `complete -c granary${where} ${forms.join(' ')}${valueFlags(value, choices)} -d ${quoted(description)}`;
}

const seen = ({ path }: CommandShape): string =>
  path.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ');

function valueFlags(value: string | null, choices: readonly string[]): string {
  if (value === null) return '';
  if (choices.length > 0) return ` -x -a ${quoted(choices.join(' '))}`;
  const kind = kindOfValue(value);
  if (kind === 'folder') return " -x -a '(__fish_complete_directories)'";
  return kind === 'file' ? ' -r -F' : ' -x';
}

function commandLine(parent: CommandShape, { path, description }: CommandShape): string {
  return `complete -c granary -n ${quoted(condition(parent))} -f -a ${path.at(-1)} -d ${quoted(description)}`;
}

/** Files are offered where they can be meant, and nowhere else. */
function argumentLines(command: CommandShape): string[] {
  if (command.commands.length > 0) return [];
  const choices = command.arguments.flatMap((argument) => argument.choices);
  const files = command.arguments.some(({ name }) => kindOfValue(name) !== 'other');
  if (files) return [];
  const words = choices.length > 0 ? ` -a ${quoted(choices.join(' '))}` : '';
  return [`complete -c granary -n ${quoted(seen(command))} -f${words}`];
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

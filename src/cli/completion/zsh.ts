import {
  type ArgumentShape,
  type CommandShape,
  everyCommand,
  kindOfValue,
  type OptionShape,
} from '../command-shape.ts';

/** One function a command; those of commands below it are called by name. */
export function zshCompletion(program: CommandShape): string {
  const functions = everyCommand(program).map((command) => commandFunction(command, program));
  return `#compdef granary
# zsh completion of granary: source it after compinit, or put it as _granary into a folder of $fpath.
compdef _granary granary

${functions.join('\n\n')}

# As a file of $fpath this is the body of the function itself.
if [ "$funcstack[1]" = "_granary" ]; then
  _granary "$@"
fi
`;
}

const nameOf = ({ path }: CommandShape): string => ['_granary', ...path].join('_');

function commandFunction(command: CommandShape, program: CommandShape): string {
  const own = command === program ? [] : program.options;
  const specs = [...command.options, ...own].flatMap(optionSpecs);
  const help = quoted('(- *)--help[display help for command]');
  if (command.commands.length === 0) {
    const lines = ['_arguments', ...specs, help, ...command.arguments.map(argumentSpec)];
    return `${nameOf(command)}() {\n  ${lines.join(' \\\n    ')}\n}`;
  }
  const rows = command.commands.map(({ path, description }) =>
    quoted(`${path.at(-1)}:${escaped(description)}`),
  );
  const lines = ['_arguments -C', ...specs, help, quoted('1: :->command'), quoted('*:: :->rest')];
  const prefix = nameOf(command);
  return `${prefix}() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
    ${rows.join('\n    ')}
  )
  ${lines.join(' \\\n    ')}
  case $state in
    command) _describe -t commands command commands ;;
    rest) (( $+functions[${prefix}_$line[1]] )) && ${prefix}_$line[1] ;;
  esac
}`;
}

function optionSpecs({ names, description, value, choices, repeatable }: OptionShape): string[] {
  const what = `[${escaped(description)}]`;
  const action = value === null ? '' : `:${value}:${actionOf(value, choices)}`;
  if (repeatable) return names.map((name) => quoted(`*${name}${what}${action}`));
  // One form of an option excludes the other.
  const exclusive = `(${names.join(' ')})`;
  return names.map((name) => quoted(`${exclusive}${name}${what}${action}`));
}

function argumentSpec({ name, required, variadic, choices }: ArgumentShape): string {
  const place = variadic ? '*' : '';
  return quoted(`${place}:${required ? '' : ':'}${name}:${actionOf(name, choices)}`);
}

function actionOf(value: string, choices: readonly string[]): string {
  if (choices.length > 0) return `(${choices.join(' ')})`;
  const kind = kindOfValue(value);
  return kind === 'folder' ? '_files -/' : kind === 'file' ? '_files' : '';
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const escaped = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&');

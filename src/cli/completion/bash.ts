import { type CommandShape, everyCommand, kindOfValue, type OptionShape } from '../command-shape.ts';

/** What is neither an option nor a command nor a choice is left to the shell's own completion of files. */
export function bashCompletion(program: CommandShape): string {
  const commands = everyCommand(program);
  const below = commands.slice(1).map((command) => `'${pathOf(command)}'`);
  const replies = repliesByOption(commands.flatMap(({ options }) => options));
  return `# bash completion of granary: source it, or put it into a folder of bash-completion.
_granary() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} path= commands= options= index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      ${[...replies.values()].flat().join(' | ')}) ((index++)); continue ;;
    esac
    case "$path \${COMP_WORDS[index]}" in
      ${below.join(' | ')}) path="$path \${COMP_WORDS[index]}" ;;
    esac
  done
  case $previous in
${[...replies].map(([reply, names]) => `    ${names.join(' | ')}) ${reply} return ;;`).join('\n')}
  esac
  case $path in
${commands.map((command) => words(command, program)).join('\n')}
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  else
    COMPREPLY=($(compgen -W "$commands" -- "$word"))
  fi
}
complete -o default -F _granary granary
`;
}

const pathOf = ({ path }: CommandShape): string => path.map((name) => ` ${name}`).join('');

/** How values are completed, with the options that take them: one name means the same in every command. */
function repliesByOption(options: readonly OptionShape[]): Map<string, string[]> {
  const replies = new Map<string, string[]>();
  const seen = new Set<string>();
  for (const { names, value, choices } of options) {
    const fresh = value === null ? [] : names.filter((name) => !seen.has(name));
    for (const name of fresh) seen.add(name);
    if (value === null || fresh.length === 0) continue;
    const reply = replyOf(value, choices);
    replies.set(reply, [...(replies.get(reply) ?? []), ...fresh]);
  }
  return replies;
}

function replyOf(value: string, choices: readonly string[]): string {
  if (choices.length > 0) return `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$word"));`;
  return kindOfValue(value) === 'folder' ? 'COMPREPLY=($(compgen -d -- "$word"));' : 'COMPREPLY=();';
}

function words(command: CommandShape, program: CommandShape): string {
  // Options of the program are taken everywhere.
  const own = command === program ? [] : command.options;
  const options = [...own, ...program.options].flatMap(({ names }) => names);
  const commands = [
    ...command.commands.map(({ path }) => path.at(-1)),
    ...command.arguments.flatMap(({ choices }) => choices),
  ];
  return `    '${pathOf(command)}') commands='${commands.join(' ')}' options='${options.join(' ')} --help' ;;`;
}

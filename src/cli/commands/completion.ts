import { Argument } from 'commander';
import { commandShape } from '../command-shape.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';
import type { Register } from '../context.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export const completion: Register = (program, cli) => {
  program
    .command('completion')
    .description('print what a shell needs to complete commands and options')
    .addArgument(new Argument('<shell>').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      '\nExample:\n  $ granary completion bash > ~/.local/share/bash-completion/completions/granary\n',
    )
    .action((shell: keyof typeof SHELLS) =>
      cli.run(async ({ output }) => {
        const script = SHELLS[shell](commandShape(program));
        output.result({ shell, script }, () => script.trimEnd());
        return undefined;
      }),
    );
};

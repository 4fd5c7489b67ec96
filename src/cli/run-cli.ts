import { resolve } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { failure } from '../errors.ts';
import { homeFolder } from '../settings/home.ts';
import { Interrupts } from './interrupts.ts';
import { Output, type Sink } from './output.ts';
import { buildProgram, type GlobalOptions } from './program.ts';

export interface CliStreams {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs one command line (without `node` and the program's name). Resolves to the exit code; never rejects. */
export async function runCli(argv: readonly string[], streams: CliStreams): Promise<number> {
  // Known before the line is understood: a wrong one is answered in the form asked for, too.
  const output = new Output({ json: asksForJson(argv), ...streams });
  const interrupts = new Interrupts();
  let exit = 0;
  const program = buildProgram({
    async run(work) {
      const { home, config, quiet } = program.opts<GlobalOptions>();
      output.quiet = quiet ?? false;
      interrupts.listen();
      exit =
        (await work({
          output,
          home: homeFolder(home, streams.env),
          config: config === undefined ? undefined : resolve(config),
          env: streams.env,
          interrupts,
        })) ?? 0;
    },
  });
  program.configureOutput({
    writeOut: (text) => void streams.stdout.write(text),
    writeErr: (text) => void streams.stderr.write(text),
    // Errors are told below, in one form.
    outputError: () => {},
  });
  inheritSettings(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) return output.fail(error);
    if (error.exitCode === 0) return 0;
    // The help that commander shows for want of a command says it all to a person.
    if (error.code === 'commander.help' && !output.json) return 2;
    return output.fail(usage(error));
  } finally {
    interrupts.close();
  }
}

/** Commands take over what the program says only when they are made after it was said. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}

function usage(error: CommanderError) {
  if (error.code === 'commander.help') return failure('E_USAGE', 'a command is missing');
  // Commander begins with `error: ` and may end with a guess on a line of its own.
  const [message = '', guess] = error.message.replace(/^error: /, '').split('\n');
  const next = guess?.replace(/^\(|\)$/g, '').trim();
  return failure('E_USAGE', message, next ? { next } : {});
}

function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? argv.length : end).includes('--json');
}

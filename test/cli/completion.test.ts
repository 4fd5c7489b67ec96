import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { commandShape, everyCommand } from '../../src/cli/command-shape.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { resultOf, run } from './in-process.ts';

const SHELLS = ['bash', 'zsh', 'fish'];
const shape = commandShape(buildProgram({ run: async () => {} }));
const script = async (shell: string) => (await run({}, 'completion', shell)).stdout;

test.each(SHELLS)('%s: every command and every option is there', async (shell) => {
  const text = await script(shell);
  for (const { path, options } of everyCommand(shape)) {
    for (const name of path) expect(text).toContain(name);
    for (const { names } of options) {
      // fish writes them without their hyphens.
      const forms = names.map((name) => (shell === 'fish' ? ` ${name.replace(/^--?/, '')}` : name));
      for (const form of forms) expect(text).toContain(form);
    }
  }
  expect((await resultOf<{ script: string }>({}, 'completion', shell)).result.script).toBe(text);
});

test('another shell is an error of usage', async () => {
  expect((await run({}, 'completion', 'tcsh')).exit).toBe(2);
});

describe('bash completes', () => {
  /** The words offered for the last one of a line. */
  async function complete(...words: string[]): Promise<string[]> {
    const program = `${await script('bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _granary; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-uc', program, 'bash', ...words]);
    return stdout.trim() === '' ? [] : stdout.trim().split('\n');
  }

  test('commands, those below a command, and choices', async () => {
    expect(await complete('granary', '')).toEqual(shape.commands.map(({ path }) => path[0]));
    expect(await complete('granary', 'sub')).toEqual(['subscribe', 'subs']);
    expect(await complete('granary', 'config', '')).toEqual(['check', 'show', 'reload']);
    expect(await complete('granary', 'completion', '')).toEqual(SHELLS);
    expect(await complete('granary', 'search', 'x', '--trust', 't')).toEqual(['trusted']);
  });

  test('options of the command and of the program', async () => {
    expect(await complete('granary', 'config', 'check', '--l')).toEqual(['--listen', '--log-level']);
    expect(await complete('granary', 'subs', '--')).toEqual([
      '--cursor',
      '--limit',
      '--version',
      '--json',
      '--quiet',
      '--home',
      '--config',
      '--help',
    ]);
    expect(await complete('granary', '--h')).toEqual(['--home', '--help']);
  });

  test('the value of an option is no command; folders where one is meant; files are left to the shell', async () => {
    expect(await complete('granary', '--home', 'config', 'sh')).toEqual(['shares']);
    expect(await complete('granary', 'get', 'x', '-o', '/de')).toEqual(['/dev']);
    expect(await complete('granary', 'publish', '')).toEqual([]);
    expect(await complete('granary', 'up', '--listen', '')).toEqual([]);
  });
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { manPage } from '../../scripts/man-page.ts';
import { commandShape, everyCommand } from '../../src/cli/command-shape.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { ERRORS } from '../../src/errors.ts';

const program = () => buildProgram({ run: async () => {} });
const page = readFileSync(new URL('../../man/granary.1', import.meta.url), 'utf8');

test('man/granary.1 says what the commands say (else: npm run man)', () => {
  expect(page).toBe(manPage(program()));
});

test('every command has its section with an example, every option its entry', () => {
  const plain = page.replaceAll('\\-', '-');
  for (const { path, options, commands } of everyCommand(commandShape(program()))) {
    if (path.length > 0 && commands.length === 0) {
      expect(plain).toMatch(new RegExp(`^\\.SS "granary ${path.join(' ')}["\\s]`, 'm'));
      expect(plain).toMatch(new RegExp(`^granary ${path.join(' ')}( |$)`, 'm'));
    }
    for (const { flags } of options) expect(plain).toContain(`.B ${flags}\n`);
  }
});

test('every exit code of the table of errors is told', () => {
  const section = page.slice(page.indexOf('.SH EXIT STATUS'), page.indexOf('.SH SIGNALS'));
  const told = [...section.matchAll(/^\.B (\d+)$/gm)].map((match) => Number(match[1]));
  const known = [0, ...Object.values(ERRORS).map(({ exit }) => exit)];
  expect(told).toEqual([...new Set(known)].sort((a, b) => a - b));
});

test('what is in a text is never a request of the formatter', () => {
  const odd = program();
  odd.command('odd').description('.ds is no request,\n\'nor this, \\nor "that"');
  const made = manPage(odd);
  expect(made).toContain('\n\\&.ds is no request,\n\\&\'nor this, \\enor "that".\n');
});

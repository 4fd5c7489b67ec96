import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { patched } from './apply-mutant.ts';
import { MUTANTS, type Mutant } from './mutants-table.ts';

// Makes one thing wrong at a time, in a copy of the project, and runs the test that must notice: `npm run mutants`, or
// `npm run mutants -- --only NAME`. Exit code 1 when a mutant survives, or when a test fails without any.

/** A mutant that makes its test hang is noticed as well; no test named here takes a quarter of this. */
const LIMIT_MS = 120_000;
const LEFT_OUT = new Set(['node_modules', '.git', 'dist']);

interface Run {
  readonly code: number | null;
  readonly timedOut: boolean;
  /** Full names of the tests that ran, and whether they passed. */
  readonly tests: readonly { readonly file: string; readonly name: string; readonly passed: boolean }[];
}

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const mutants = MUTANTS.filter(({ name }) => values.only === undefined || name === values.only);
if (mutants.length === 0) {
  throw new RangeError(`no mutant ${values.only}; there are ${MUTANTS.map(({ name }) => name).join(', ')}`);
}

const root = resolve(import.meta.dirname, '..');
const copy = await mkdtemp(join(tmpdir(), 'granary-mutants-'));
try {
  await cp(root, copy, {
    recursive: true,
    filter: (path) => path === root || !LEFT_OUT.has(basename(path)),
  });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  process.exitCode = (await withoutAny(copy)) && (await oneByOne(copy)) ? 0 : 1;
} finally {
  await rm(copy, { recursive: true, force: true });
}

/** Whether every test that is to notice something passes as long as there is nothing to notice. */
async function withoutAny(folder: string): Promise<boolean> {
  const files = [...new Set(mutants.map(({ test }) => test))];
  const filter = mutants.length === 1 ? mutants[0]!.only : undefined;
  const { tests } = await run(folder, files, filter, LIMIT_MS * files.length);
  let good = true;
  for (const mutant of mutants) {
    const named = tests.filter(({ file, name }) => file === mutant.test && name.includes(mutant.only ?? ''));
    if (named.length > 0 && named.every(({ passed }) => passed)) continue;
    good = false;
    const failed = named.find(({ passed }) => !passed);
    console.log(
      `${mutant.name}: ${failed ? `fails without it: ${failed.name}` : `no test ran of ${mutant.test}`}`,
    );
  }
  return good;
}

async function oneByOne(folder: string): Promise<boolean> {
  const survived: Mutant[] = [];
  for (const mutant of mutants) {
    const from = performance.now();
    const path = join(folder, mutant.file);
    const text = await readFile(path, 'utf8');
    await writeFile(path, patched(text, mutant));
    const { code, timedOut, tests } = await run(folder, [mutant.test], mutant.only, LIMIT_MS);
    await writeFile(path, text);
    const noticed = tests.find(({ passed }) => !passed)?.name;
    if (code === 0) survived.push(mutant);
    const verdict = code === 0 ? 'SURVIVED' : timedOut ? 'killed by the time limit' : 'killed';
    const by = noticed === undefined ? '' : `  ${noticed.slice(0, 90)}`;
    console.log(`${seconds(from).padStart(6)} s  ${mutant.name.padEnd(32)} ${verdict}${by}`);
  }
  console.log(`${mutants.length - survived.length} killed, ${survived.length} survived`);
  return survived.length === 0;
}

/** Runs tests of the folder. Their report says what became of each; without one, the exit code has to do. */
async function run(
  folder: string,
  files: readonly string[],
  only: string | undefined,
  limitMs: number,
): Promise<Run> {
  const report = join(folder, 'mutant-report.json');
  await rm(report, { force: true });
  const filter = only === undefined ? [] : ['-t', escaped(only)];
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const child = spawn(
    process.execPath,
    [vitest, 'run', ...files, ...filter, '--reporter=json', `--outputFile=${report}`],
    { cwd: folder, stdio: 'ignore', detached: true },
  );
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    // With the processes it has begun: they are a group of their own.
    process.kill(-child.pid!, 'SIGKILL');
  }, limitMs);
  const code = await new Promise<number | null>((done) => child.once('exit', (exit) => done(exit)));
  clearTimeout(timer);
  const text = await readFile(report, 'utf8').catch(() => '{"testResults":[]}');
  const { testResults } = JSON.parse(text) as {
    testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[];
  };
  const tests = testResults.flatMap(({ name: path, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .map(({ fullName, status }) => ({
        file: path.slice(path.indexOf('/test/') + 1),
        name: fullName,
        passed: status === 'passed',
      })),
  );
  return { code, timedOut, tests };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(1);
}

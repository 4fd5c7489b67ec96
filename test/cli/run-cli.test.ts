import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { controlFile, runFolder } from '../../src/settings/run-folder.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-cli-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

async function run(...argv: string[]) {
  let stdout = '';
  let stderr = '';
  const exit = await runCli(argv, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env: { GRANARY_HOME: home },
  });
  return { exit, stdout, stderr };
}

/** The one line of a command that only failed. */
async function failureOf(...argv: string[]) {
  const { exit, stdout, stderr } = await run(...argv, '--json');
  const lines = stdout.split('\n');
  expect(lines).toHaveLength(2);
  const { ok, error } = JSON.parse(lines[0]!) as { ok: boolean; error: Record<string, string> };
  expect(ok).toBe(false);
  return { exit, error, stderr };
}

describe('usage errors exit 2, with the last line in the form asked for', () => {
  test.each([
    [['serch', 'x'], "unknown command 'serch'", 'Did you mean search?'],
    [['search'], "missing required argument 'words'", undefined],
    [['search', 'x', '--limit', '0'], 'whole number from 1 to 200', undefined],
    [['search', 'x', '--limmit', '3'], "unknown option '--limmit'", 'Did you mean --limit?'],
    [['subscribe', 'l', '--trust', 'blind'], 'Allowed choices', undefined],
    [['peers', 'extra'], 'too many arguments', undefined],
    [[], 'a command is missing', undefined],
    [['up', '--set', 'nothing'], '--set takes group.key=value', undefined],
    [['bench', 'nonsense'], 'no benchmark', undefined],
  ])('%j', async (argv, message, next) => {
    const { exit, error } = await failureOf(...argv);
    expect(exit).toBe(2);
    expect(error).toMatchObject({ code: 'E_USAGE', message: expect.stringContaining(message) as string });
    if (next) expect(error.next).toBe(next);
  });

  test('a wrong configuration is one, too', async () => {
    await writeFile(join(home, 'config.toml'), '[network]\nlissen = []\n');
    const { exit, error } = await failureOf('up');
    expect(exit).toBe(2);
    expect(error).toMatchObject({
      code: 'E_CONFIG',
      message: 'unknown setting network.lissen; did you mean network.listen?',
    });
  });

  test('for people: words on standard error, nothing on standard output', async () => {
    const { exit, stdout, stderr } = await run('search');
    expect(exit).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe("error missing required argument 'words' (E_USAGE)\n  next see granary --help\n");
  });
});

describe('help and version are results', () => {
  test('--version', async () => {
    expect(await run('--version')).toEqual({
      exit: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
      stderr: '',
    });
  });

  test('every command has help with an example', async () => {
    const { stdout } = await run('--help');
    const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]!);
    expect(names.length).toBeGreaterThan(17);
    for (const name of names.filter((known) => known !== 'help')) {
      const help = await run(name, '--help');
      expect(help.exit).toBe(0);
      expect(help.stdout).toContain(`Example:\n  $ granary ${name}`);
    }
  });
});

describe('without a node: exit 7 and the line that starts it', () => {
  const expected = { code: 'E_NO_DAEMON', next: expect.stringContaining('granary up --home ') as string };

  test('no control file', async () => {
    const { exit, error } = await failureOf('subs');
    expect(exit).toBe(7);
    expect(error).toMatchObject({ ...expected, subject: home });
  });

  test('--home wins over GRANARY_HOME, and is quoted for a shell', async () => {
    const { error } = await failureOf('subs', '--home', join(home, "it's here"));
    expect(error.next).toBe(`start it with: granary up --home '${home}/it'\\''s here'`);
  });

  test('a control file of a killed node', async () => {
    await mkdir(runFolder(home));
    const socket = join(home, 's');
    // A process that dies with its socket open leaves it behind.
    const script = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', script]), 'exit');
    const facts = { pid: 1, socket, version: '0.1.0', api: '1.0' };
    await writeFile(controlFile(home), JSON.stringify(facts));
    expect((await failureOf('stats')).error).toMatchObject(expected);
  });

  test('a control file that is none', async () => {
    await mkdir(runFolder(home));
    await writeFile(controlFile(home), '{"pid":');
    expect((await failureOf('stats')).error).toMatchObject(expected);
  });

  test('a node of another major version of the API: E_API_MISMATCH', async () => {
    await mkdir(runFolder(home));
    const facts = { pid: 1, socket: join(home, 's'), version: '9.0.0', api: '9.3' };
    await writeFile(controlFile(home), JSON.stringify(facts));
    const { exit, error } = await failureOf('stats');
    expect(exit).toBe(7);
    expect(error.code).toBe('E_API_MISMATCH');
  });

  test('somebody else on the socket: the command ends with an error, not with a guess', async () => {
    await mkdir(runFolder(home));
    const socket = join(home, 's');
    const server = createServer((client) => client.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(socket);
    await once(server, 'listening');
    await writeFile(controlFile(home), JSON.stringify({ pid: 1, socket, version: '0.1.0', api: '1.0' }));
    expect((await failureOf('stats')).error.code).toBe('E_API_MISMATCH');
    server.close();
  });
});

test('conformance: vectors of the wrong form are failures, and exit 6', async () => {
  const vectors = join(home, 'v.json');
  await writeFile(vectors, '[]');
  const { exit, stdout } = await run('conformance', '--vectors', vectors, '--json');
  expect(exit).toBe(6);
  const { ok, result } = JSON.parse(stdout) as { ok: boolean; result: { failures: unknown[] } };
  expect(ok).toBe(true);
  expect(result.failures).toHaveLength(1);
});

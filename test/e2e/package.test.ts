import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/**
 * What an installation of the package brings with it, as it is installed here: a test that asks the registry for it fails when
 * that does. What only development needs is not there.
 */
async function linkDependencies(modules: string): Promise<void> {
  const { stdout } = await run('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root });
  const installed = join(root, 'node_modules/');
  const names = stdout
    .split('\n')
    .flatMap((path) => (path.startsWith(installed) ? [path.slice(installed.length)] : []));
  expect(names).toContain('zod');
  expect(names).not.toContain('vitest');
  for (const name of names.filter((each) => !each.includes('/node_modules/'))) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(installed, name), join(modules, name));
  }
}

describe('the package, installed in another folder', () => {
  let place: string;
  let launcher: string;
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'granary-package-'));
    await run('npm', ['pack', '--pack-destination', place, '--silent'], { cwd: root });
    const tarball = (await readdir(place)).find((name) => name.endsWith('.tgz'))!;
    await writeFile(join(place, 'package.json'), '{"name":"somebody-else","private":true,"type":"module"}');
    const granary = join(place, 'node_modules', 'granary');
    await mkdir(granary, { recursive: true });
    await run('tar', ['-xzf', join(place, tarball), '--strip-components=1', '-C', granary]);
    await linkDependencies(join(place, 'node_modules'));
    launcher = join(granary, 'bin', 'granary.cjs');
  }, 180_000);
  afterAll(() => rm(place, { recursive: true, force: true }));

  test('ships compiled code and its data, no sources and no tests', async () => {
    const files = await readdir(join(place, 'node_modules', 'granary'));
    expect(files).toEqual(expect.arrayContaining(['bin', 'conformance', 'dist', 'LICENSE', 'README.md']));
    expect(files).not.toContain('src');
    expect(files).not.toContain('test');
  });

  test('holds its own conformance data against itself', async () => {
    const { stdout } = await run(process.execPath, [launcher, 'conformance', '--json'], {
      maxBuffer: 64 << 20,
    });
    const last = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(last.ok).toBe(true);
    expect(last.result.failures).toEqual([]);
    expect(
      last.result.suites.reduce((sum: number, suite: { passed: number }) => sum + suite.passed, 0),
    ).toBeGreaterThan(1000);
  }, 60_000);

  test('offers the actor kernel, its test kit and the simulator on their own', async () => {
    const program = `
      import { Supervisor, defineContract } from 'granary/supervisor';
      import { World } from 'granary/supervisor/testing';
      import { loadBehaviours, SimulatedNetwork } from 'granary/simulator';
      console.log(typeof Supervisor, typeof defineContract, new World(1).now());
      console.log(new SimulatedNetwork({ seed: 1 }).now(), typeof (await loadBehaviours()).dht.start);
    `;
    await writeFile(join(place, 'program.mjs'), program);
    const { stdout } = await run(process.execPath, ['program.mjs'], { cwd: place });
    expect(stdout.trim().split('\n')).toEqual(['function function 0', '0 function']);
  });

  test('starts a node, each actor from one file and the command line from a few, publishes and stops', async () => {
    // What a worker begins with that has no file of its own: nobody may need it.
    const entry = join(place, 'node_modules/granary/dist/src/supervisor/runtime/worker-entry.js');
    await rename(entry, `${entry}.away`);
    // The command line is in a few files of its own, too.
    const commands = join(place, 'node_modules/granary/dist/src/cli');
    await rename(commands, `${commands}.away`);
    const home = join(place, 'home');
    const args = ['--json', '--home', home];
    const node = spawn(
      process.execPath,
      [
        launcher,
        'up',
        ...args,
        ...['--listen', 'tcp://127.0.0.1:0', '--listen', 'quic://127.0.0.1:0', '--keys', 'plain'],
      ],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    try {
      for await (const line of createInterface({ input: node.stdout! })) {
        const event = JSON.parse(line);
        if (event.ok === false) throw new Error(line);
        if (event.event !== 'ready') continue;
        // The QUIC process runs from the package as well: compiled code, in a folder of dependencies.
        expect(event.addresses).toContainEqual(expect.stringMatching(/^quic:/));
        break;
      }
      const { stdout } = await run(process.execPath, [
        launcher,
        'publish',
        join(place, 'package.json'),
        ...args,
      ]);
      expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
        ok: true,
        result: { items: 1, seq: 1 },
      });
      const stopped = await run(process.execPath, [launcher, 'stop', ...args]);
      expect(JSON.parse(stopped.stdout.trim().split('\n').at(-1)!)).toMatchObject({
        ok: true,
        result: { clean: true },
      });
    } finally {
      node.kill('SIGKILL');
      await rename(`${entry}.away`, entry);
    }
  }, 60_000);

  test('is a library', async () => {
    await writeFile(
      join(place, 'use.js'),
      `import { createNode, VERSION, ERRORS } from 'granary';
       console.log(typeof createNode, VERSION, ERRORS.E_NO_DAEMON.exit);`,
    );
    const { stdout } = await run(process.execPath, ['use.js'], { cwd: place });
    expect(stdout).toMatch(/^function \d+\.\d+\.\d+ 7\n$/);
  });

  test('under an older Node.js it exits with 2 and one clear line', async () => {
    // What the launcher sees under Node 20, wherever the tests run; it must also parse there, hence its old syntax.
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '20.20.2' }); require(${JSON.stringify(launcher)});`;
    const failed = await run(process.execPath, ['-e', pretend]).catch((error) => error);
    expect(failed.code).toBe(2);
    expect(failed.stdout).toBe('');
    expect(failed.stderr.trim().split('\n')).toHaveLength(1);
    expect(failed.stderr).toContain('needs Node.js 24.21 or newer');
    expect(failed.stderr).toContain('20.20.2');
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../src/errors.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { run } from '../cli/in-process.ts';
import { stagesOf, unitOf } from './directives.ts';

// Neither systemd nor a container engine is needed here: what the files name must exist and mean what they say.
const root = resolve(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  engines: { node: string };
  files: string[];
  man: string;
};

/** Command, options and arguments are taken by this build; nothing is run. */
async function isUnderstood(words: readonly string[]): Promise<void> {
  const known = await run({}, ...words, '--help');
  expect(known.exit, words.join(' ')).toBe(0);
  expect(known.stdout).toContain(`Usage: granary ${words.filter((word) => !word.startsWith('-')).join(' ')}`);
}

/** The settings that such an environment gives; the file is one that is there. */
async function settingsOf(env: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'granary-packaging-'));
  try {
    const file = join(folder, 'config.toml');
    await writeFile(file, '');
    return await loadSettings({
      home: folder,
      env: { ...env, ...(env.GRANARY_CONFIG && { GRANARY_CONFIG: file }) },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('what the package promises to ship is there', () => {
  for (const path of [...manifest.files.filter((name) => name !== 'dist'), manifest.man]) {
    expect(existsSync(join(root, path)), path).toBe(true);
  }
});

describe('packaging/granary.service', () => {
  const unit = unitOf(read('packaging/granary.service'));
  const service = unit.get('Service')!;
  const all = (name: string) => service.filter(([found]) => found === name).map(([, value]) => value);
  const env = Object.fromEntries(all('Environment').map((line) => line.split('=', 2) as [string, string]));

  test('has its three sections, and says nothing twice but what is a list', () => {
    expect([...unit.keys()]).toEqual(['Unit', 'Service', 'Install']);
    for (const [name, lines] of unit) {
      const single = lines.map(([key]) => key).filter((key) => !['Environment', 'ExecReload'].includes(key));
      expect(new Set(single).size, name).toBe(single.length);
    }
  });

  test('runs commands that there are', async () => {
    for (const name of ['ExecStart', 'ExecStartPre']) {
      const [command, ...words] = all(name)[0]!.split(' ');
      expect(command).toBe('granary');
      await isUnderstood(words);
    }
    expect(all('ExecStart')).toEqual(['granary up']);
  });

  test('a reload is refused for a configuration that is not valid, and is SIGHUP else', () => {
    expect(all('ExecReload')).toEqual(['granary config check', 'kill -HUP $MAINPID']);
    expect(all('Type')).toEqual(['exec']);
  });

  test('its environment is understood, and every path in it can be written', async () => {
    const { settings, origins } = await settingsOf(env);
    expect(origins.get('store.keyfile')).toBe('environment GRANARY_STORE_KEYFILE');
    const writable = all('StateDirectory')[0]!
      .split(' ')
      .map((name) => `/var/lib/${name}/`);
    for (const path of [env.GRANARY_HOME!, settings.store.keyfile]) {
      expect(
        writable.some((folder) => `${path}/`.startsWith(folder)),
        path,
      ).toBe(true);
    }
    // A copy of the data folder must not open itself.
    expect(settings.store.keyfile.startsWith(`${env.GRANARY_HOME}/`)).toBe(false);
  });

  test('what it knows of exit codes and times holds', () => {
    expect(all('RestartPreventExitStatus')).toEqual([String(exitCodeOf('E_CONFIG'))]);
    expect(Number(all('TimeoutStopSec')[0])).toBeGreaterThan(90);
    expect(all('UMask')).toEqual(['0077']);
  });
});

describe('packaging/Containerfile', () => {
  const [build, final] = stagesOf(read('packaging/Containerfile'));
  const all = (stage: typeof build, name: string) =>
    stage!.instructions.filter(([found]) => found === name).map(([, rest]) => rest);
  const list = (name: string) => JSON.parse(all(final, name)[0]!) as string[];

  test('both stages start from the runtime that the package asks for', () => {
    const major = /(\d+)/.exec(manifest.engines.node)![1];
    expect(build!.from).toBe(`docker.io/library/node:${major}-slim AS build`);
    expect(final!.from).toBe(`docker.io/library/node:${major}-slim`);
  });

  test('everything copied exists, and everything that is shipped or compiled is copied', () => {
    const copied = all(build, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1));
    for (const path of copied) expect(existsSync(join(root, path)), path).toBe(true);
    const compiled = (JSON.parse(read('tsconfig.build.json')) as { include: string[] }).include;
    const needed = [
      ...compiled,
      ...manifest.files,
      'scripts',
      'package-lock.json',
      '.npmrc',
      'tsconfig.json',
    ];
    for (const path of needed.filter((name) => name !== 'dist')) {
      expect(copied, path).toContain(path.split('/')[0]);
    }
  });

  test('scripts that are run exist; no install script is', () => {
    const runs = all(build, 'RUN').join('\n');
    for (const [, script] of runs.matchAll(/node (\S+\.ts)/g))
      expect(existsSync(join(root, script!))).toBe(true);
    for (const [command] of runs.matchAll(/npm (ci|pack)[^&\n]*/g))
      expect(command).toContain('--ignore-scripts');
    expect(all(final, 'RUN').join()).toContain('/opt/granary/bin/granary.cjs /usr/local/bin/granary');
    expect(existsSync(join(root, 'bin/granary.cjs'))).toBe(true);
  });

  test('it runs as a user of its own, with everything it keeps on the volume', async () => {
    expect(all(final, 'USER')).toEqual(['node']);
    const [volume] = all(final, 'VOLUME');
    const env = Object.fromEntries(
      all(final, 'ENV')[0]!
        .split(' ')
        .map((pair) => pair.split('=') as [string, string]),
    );
    for (const path of Object.values(env)) expect(path.startsWith(`${volume}/`), path).toBe(true);
    // The key file is in the configuration folder, not in the data folder.
    expect(env.XDG_CONFIG_HOME!.startsWith(`${env.GRANARY_HOME}/`)).toBe(false);
    await settingsOf(env);
  });

  test('its commands are understood, and its ports are those listened on', async () => {
    expect(list('ENTRYPOINT')).toEqual(['granary']);
    await isUnderstood(list('CMD'));
    const [health] = all(final, 'HEALTHCHECK');
    const [command, ...words] = JSON.parse(/CMD (\[.*\])$/.exec(health!)![1]!) as string[];
    expect(command).toBe('granary');
    await isUnderstood(words);
    const { settings } = await settingsOf({});
    const ports = settings.network.listen.map((address) => {
      const port = address.split(':').at(-1)!;
      return address.startsWith('quic://') ? `${port}/udp` : port;
    });
    expect(all(final, 'EXPOSE')).toEqual([ports.join(' ')]);
  });
});

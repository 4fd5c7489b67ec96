import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { passphraseFrom, storePassphrase } from '../../src/cli/passphrase.ts';
import { loadSettings } from '../../src/settings/load.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-passphrase-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Somebody at a terminal who types that, and what he sees. */
function person(...typed: string[]) {
  const input = Object.assign(new PassThrough(), { isTTY: true, raw: [] as boolean[] });
  const terminal = {
    input: Object.assign(input, { setRawMode: (raw: boolean) => void input.raw.push(raw) }),
    seen: '',
    output: {
      write: (text: string) => {
        terminal.seen += text;
        const next = text.endsWith(': ') ? typed.shift() : undefined;
        if (next !== undefined) input.write(next);
      },
    },
  };
  return terminal;
}
const nobody = () => ({ input: new PassThrough(), output: { write: () => {} } });
const ask = (change: Partial<Parameters<typeof passphraseFrom>[0]>) =>
  passphraseFrom({
    env: {},
    variable: 'WORD',
    file: '',
    question: 'Word',
    isNew: false,
    terminal: nobody(),
    ...change,
  });

describe('a passphrase', () => {
  test('of the environment comes before that of a file, and that before a person', async () => {
    const file = join(folder, 'word');
    await writeFile(file, 'of the file\r\nsecond line\n');
    expect(await ask({ env: { WORD: 'of the environment' }, file })).toBe('of the environment');
    expect(await ask({ env: { WORD: '' }, file, terminal: person('typed\r') })).toBe('of the file');
    expect(await ask({ terminal: person('typed\r') })).toBe('typed');
  });

  test('is typed unseen, and can be mended while it is', async () => {
    const terminal = person('wrong\u0015secrex\u007ft \u00e9\r');
    expect(await ask({ terminal })).toBe('secret \u00e9');
    expect(terminal.seen).toBe('Word: \n');
    expect(terminal.input.raw).toEqual([true, false]);
  });

  test('that is new is typed twice', async () => {
    expect(await ask({ isNew: true, terminal: person('one\r', 'one\r') })).toBe('one');
    await expect(ask({ isNew: true, terminal: person('one\r', 'two\r') })).rejects.toMatchObject({
      code: 'E_PASSPHRASE',
    });
  });

  test.each(['\u0003', '\u0004', 'half\u0003'])('Ctrl-C and Ctrl-D give up (%j)', async (keys) => {
    const terminal = person(keys);
    await expect(ask({ terminal })).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(terminal.input.raw.at(-1)).toBe(false);
  });

  test('nobody there, an empty one, a huge one, a missing file: E_PASSPHRASE', async () => {
    await writeFile(join(folder, 'empty'), '\n');
    for (const change of [
      {},
      { terminal: person('\r') },
      { env: { WORD: 'x'.repeat(2000) } },
      { file: join(folder, 'empty') },
      { file: join(folder, 'missing') },
    ]) {
      await expect(ask(change)).rejects.toMatchObject({ code: 'E_PASSPHRASE' });
    }
  });

  test('of a data folder is asked for where something is sealed under one, or shall be', async () => {
    const env = { GRANARY_PASSPHRASE: 'word' };
    const settings = async (keys: string) =>
      (await loadSettings({ home: folder, env: {}, flags: new Map([['store.keys', keys]]) })).settings;
    expect(await storePassphrase(folder, env, await settings('keyfile'))).toBe('');
    expect(await storePassphrase(folder, env, await settings('passphrase'))).toBe('word');
    await mkdir(join(folder, 'keys'));
    await writeFile(join(folder, 'keys', 'passphrase.json'), '{}');
    expect(await storePassphrase(folder, env, await settings('plain'))).toBe('word');
  });
});

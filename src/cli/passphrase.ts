import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../errors.ts';
import type { Settings } from '../settings/schema.ts';
import { askHidden, processTerminal, type Terminal } from './terminal.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Longer ones are files of something else. */
const MAX_OCTETS = 1024;

export interface PassphraseRequest {
  readonly env: Environment;
  /** Environment variable that holds it. */
  readonly variable: string;
  /** File whose first line it is; empty: none. */
  readonly file: string;
  /** What a person is asked. */
  readonly question: string;
  /** A new one: a person types it twice. */
  readonly isNew: boolean;
  readonly terminal?: Terminal;
}

/**
 * A passphrase, from the first that has one: the environment, a file, the person at the terminal. `E_PASSPHRASE` where
 * there is none of them.
 */
export async function passphraseFrom(request: PassphraseRequest): Promise<string> {
  const { env, variable, file, question, isNew, terminal = processTerminal } = request;
  const given = env[variable];
  if (given !== undefined && given !== '') return checked(given);
  if (file !== '') return checked(await firstLine(file));
  if (!terminal.input.isTTY) {
    throw failure('E_PASSPHRASE', 'a passphrase is needed and nobody can be asked for it', {
      subject: variable,
    });
  }
  const typed = checked(await askHidden(terminal, `${question}: `));
  if (isNew && typed !== (await askHidden(terminal, 'Once more: '))) {
    throw failure('E_PASSPHRASE', 'the two were not the same', { next: 'run the command again' });
  }
  return typed;
}

/** What opens the keys of a data folder; the empty text when nothing there is sealed under a passphrase. */
export async function storePassphrase(
  home: string,
  env: Environment,
  { store }: Pick<Settings, 'store'>,
): Promise<string> {
  const isLocked = existsSync(join(home, 'keys', 'passphrase.json'));
  if (store.keys !== 'passphrase' && !isLocked) return '';
  return await passphraseFrom({
    env,
    variable: 'GRANARY_PASSPHRASE',
    file: store.passphrase_file,
    question: isLocked ? 'Passphrase of the keys' : 'New passphrase for the keys',
    isNew: !isLocked,
  });
}

async function firstLine(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).split(/\r?\n/, 1)[0]!;
  } catch (error) {
    throw failure(
      'E_PASSPHRASE',
      `the passphrase file cannot be read (${(error as NodeJS.ErrnoException).code})`,
      {
        subject: path,
        next: 'check the path and its permissions',
      },
    );
  }
}

function checked(passphrase: string): string {
  if (passphrase !== '' && Buffer.byteLength(passphrase) <= MAX_OCTETS) return passphrase;
  throw failure('E_PASSPHRASE', `a passphrase has 1 to ${MAX_OCTETS} bytes`);
}

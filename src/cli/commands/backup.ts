import { resolve } from 'node:path';
import { failure } from '../../errors.ts';
import type { Register } from '../context.ts';
import { onNodeOrStore } from '../store-access.ts';
import { facts } from '../table.ts';
import { bytesText, countOf, secondsText } from '../units.ts';

const PROTECTED = {
  keyfile: 'sealed: back the key file up too, apart',
  passphrase: 'sealed under your passphrase',
  plain: 'NOT sealed: whoever has the file has the keys',
} as const;

interface Options {
  readonly hashLists: boolean;
}

export const backup: Register = (program, cli) => {
  program
    .command('backup')
    .description('a copy of the node in one file: state, keys as they are sealed, catalogs, configuration')
    .argument('<target>', 'a folder, or a file that is not there yet')
    .option('--no-hash-lists', 'leave the chunk hash lists out; a restored node makes them again')
    .addHelpText('after', '\nExample:\n  $ granary backup /mnt/backups\n')
    .action((target: string, { hashLists }: Options) =>
      cli.run(async (context) => {
        const path = resolve(target);
        const result = await onNodeOrStore(
          context,
          (client, signal) =>
            client.call('backup', { path, hash_lists: hashLists }, { signal, onEvent: () => {} }),
          async (store, signal) => {
            for await (const made of store.stream('backup', { path, hashLists }, { signal })) return made;
            throw failure('E_INTERNAL', 'the backup ended without a result');
          },
        );
        context.output.result(result, () =>
          [
            `Backed up ${countOf(result.files, 'file')}, ${bytesText(result.bytes)}, in ${secondsText(result.seconds)}.`,
            facts([
              ['file', result.file],
              ['keys', PROTECTED[result.keys]],
            ]),
          ].join('\n'),
        );
        return undefined;
      }),
    );
};

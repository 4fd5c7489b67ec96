import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { failure, ioFailure } from '../../../errors.ts';
import type { Register } from '../../context.ts';
import { passphraseFrom } from '../../passphrase.ts';
import { onNodeOrStore } from '../../store-access.ts';

interface Options {
  readonly passphraseFile?: string;
}

const ID = /^[0-9a-f]{64}$/i;

export const exportKey: Register = (keys, cli) => {
  keys
    .command('export')
    .description('write the key of a share, sealed under a passphrase as the reference does')
    .argument('<share>', "id or name of an own share; 'node': the key of the node itself")
    .argument('<file>', 'made with mode 0600; never overwritten')
    .option('--passphrase-file <file>', 'its first line is the passphrase (or GRANARY_KEY_PASSPHRASE)')
    .addHelpText('after', '\nExample:\n  $ granary keys export music music.key\n')
    .action((share: string, file: string, options: Options) =>
      cli.run(async (context) => {
        const passphrase = await passphraseFrom({
          env: context.env,
          variable: 'GRANARY_KEY_PASSPHRASE',
          file: options.passphraseFile ?? '',
          question: 'Passphrase for the exported key',
          isNew: true,
        });
        const sealed = await onNodeOrStore(
          context,
          async (client, signal) =>
            (await client.call('exportKey', { share, passphrase }, { signal })).sealed,
          async (store) => {
            if (share === 'node') return await store.ask('exportKey', { key: 'node', passphrase });
            const own = await store.ask('ownShares', null);
            const shareId = ID.test(share)
              ? share.toLowerCase()
              : own.find(({ name }) => name === share)?.shareId;
            if (shareId === undefined)
              throw failure('E_NOT_FOUND', 'no own share of that name', { subject: share });
            return await store.ask('exportKey', { key: { shareId }, passphrase });
          },
        );
        const path = resolve(file);
        await writeNew(path, sealed);
        context.output.result(
          { file: path, share },
          () => `The key is in ${path}; it opens with the passphrase alone.`,
        );
        return undefined;
      }),
    );
};

async function writeNew(path: string, octets: Uint8Array): Promise<void> {
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(octets);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw failure('E_PATH_INVALID', 'there is a file of that name', {
        subject: path,
        next: 'name another file',
      });
    }
    throw ioFailure(error, path);
  }
}

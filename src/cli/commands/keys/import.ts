import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { ioFailure } from '../../../errors.ts';
import type { Register } from '../../context.ts';
import { passphraseFrom } from '../../passphrase.ts';
import { onNodeOrStore } from '../../store-access.ts';
import { facts } from '../../table.ts';

interface Options {
  readonly share?: string;
  readonly passphraseFile?: string;
  readonly nodeSecretFile?: string;
}

export const importKey: Register = (keys, cli) => {
  keys
    .command('import')
    .description('take over the key of a share from another SCP2P node; publish it with --share NAME then')
    .argument('<file>', 'a sealed key: of granary keys export, or of the reference')
    .option('--share <name>', "the share's name here (default: that of the file)")
    .option('--passphrase-file <file>', 'its first line is the passphrase (or GRANARY_KEY_PASSPHRASE)')
    .option(
      '--node-secret-file <file>',
      'for keys that the reference sealed under its node key: that secret, 64 hex digits',
    )
    .addHelpText('after', '\nExample:\n  $ granary keys import music.key --share music\n')
    .action((file: string, options: Options) =>
      cli.run(async (context) => {
        const path = resolve(file);
        const sealed = new Uint8Array(await contentOf(path));
        const name = options.share ?? basename(path).replace(/\.[^.]*$/, '');
        const opener = await openerOf(options, context.env);
        const share = await onNodeOrStore(
          context,
          (client, signal) => client.call('importKey', { sealed, name, ...opener.body }, { signal }),
          async (store) => {
            const own = await store.ask('importKey', { sealed, name, opener: opener.actor });
            return { share_id: own.shareId, share_key: own.shareKey, name: own.name };
          },
        );
        context.output.result(share, () =>
          [
            'The key is here. Publish with it on one node alone.',
            facts([
              ['share', share.share_id],
              ['name', share.name],
            ]),
          ].join('\n'),
        );
        return undefined;
      }),
    );
};

async function openerOf(options: Options, env: Readonly<Record<string, string | undefined>>) {
  if (options.nodeSecretFile !== undefined) {
    const nodeSecret = (await contentOf(resolve(options.nodeSecretFile))).toString('latin1').trim();
    return { body: { node_secret: nodeSecret }, actor: { nodeSecret } };
  }
  const passphrase = await passphraseFrom({
    env,
    variable: 'GRANARY_KEY_PASSPHRASE',
    file: options.passphraseFile ?? '',
    question: 'Passphrase of the key',
    isNew: false,
  });
  return { body: { passphrase }, actor: { passphrase } };
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw ioFailure(error, path);
  }
}

import type { Register } from '../../context.ts';
import { passphraseFrom } from '../../passphrase.ts';
import { onStoreAlone } from '../../store-access.ts';
import { countOf } from '../../units.ts';

interface Options {
  readonly passphraseFile?: string;
}

export const reseal: Register = (keys, cli) => {
  keys
    .command('reseal')
    .description('seal every key anew: under a new passphrase, or a new first key of the key file')
    .option('--passphrase-file <file>', 'its first line is the new passphrase (or GRANARY_NEW_PASSPHRASE)')
    .addHelpText('after', '\nThe node must not run.\n\nExample:\n  $ granary keys reseal\n')
    .action((options: Options) =>
      cli.run(async (context) => {
        const result = await onStoreAlone(context, {}, async (store, current) => {
          const passphrase =
            current === ''
              ? null
              : await passphraseFrom({
                  env: context.env,
                  variable: 'GRANARY_NEW_PASSPHRASE',
                  file: options.passphraseFile ?? '',
                  question: 'New passphrase',
                  isNew: true,
                });
          return await store.ask('reseal', { passphrase });
        });
        context.output.result(result, () =>
          [
            `${countOf(result.keys, 'key')} sealed anew.`,
            'Old backups and copies still open with what opened them before.',
          ].join('\n'),
        );
        return undefined;
      }),
    );
};

import { resolve } from 'node:path';
import { collect } from '../arguments.ts';
import type { Register } from '../context.ts';
import { printable } from '../printable.ts';
import { table } from '../table.ts';
import { countText } from '../units.ts';

interface Options {
  readonly vectors?: string[];
  readonly transcripts?: string[];
}

export const conformance: Register = (program, cli) => {
  program
    .command('conformance')
    .description('run recorded vectors and transcripts of SCP2P through this build')
    .option('--vectors <file>', 'a file of vectors (default: the shipped ones); may be repeated', collect)
    .option('--transcripts <dir>', 'a folder of transcripts; may be repeated', collect)
    .addHelpText('after', '\nExample:\n  $ granary conformance\n')
    .action((options: Options) =>
      cli.run(async ({ output }) => {
        const { runConformance } = await import('../../../conformance/runner.ts');
        const result = await runConformance({
          ...(options.vectors && { vectors: options.vectors.map((path) => resolve(path)) }),
          ...(options.transcripts && { transcripts: options.transcripts.map((path) => resolve(path)) }),
        });
        output.result(result, () =>
          [
            table(
              [
                { title: 'SUITE', value: (row) => row.name },
                { title: 'PASSED', align: 'right', value: (row) => countText(row.passed) },
                { title: 'FAILED', align: 'right', value: (row) => countText(row.failed) },
                { title: 'SKIPPED', align: 'right', value: (row) => countText(row.skipped) },
              ],
              result.suites,
            ),
            ...result.failures.map(
              (failed) =>
                `${failed.suite}: ${printable(failed.case)}\n  expected ${printable(failed.expected)}\n  got      ${printable(failed.got)}`,
            ),
          ].join('\n'),
        );
        // Like wrong bytes in a file: this build does not say what the network says.
        return result.failures.length === 0 ? 0 : 6;
      }),
    );
};

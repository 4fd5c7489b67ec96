import { Option } from 'commander';
import { benchNames, runBench } from '../../../bench/run.ts';
import { failure } from '../../errors.ts';
import { numberIn } from '../arguments.ts';
import type { Register } from '../context.ts';
import { table } from '../table.ts';

interface Options {
  readonly size?: number;
  readonly repeat?: number;
  readonly transport?: 'tcp' | 'quic';
}

export const bench: Register = (program, cli) => {
  program
    .command('bench')
    .description('figures of this machine, beside the raw limit measured in the same run')
    .argument('<name>', benchNames().join(', '))
    .option('--size <n>', "in the benchmark's own unit", numberIn(1, Number.MAX_SAFE_INTEGER))
    .option('--repeat <n>', 'how often', numberIn(1, 1000))
    .addOption(new Option('--transport <way>', 'of transfer: what carries it').choices(['tcp', 'quic']))
    .addHelpText('after', '\nExample:\n  $ granary bench messages\n')
    .action((given: string, { transport, ...options }: Options) =>
      cli.run(async ({ output }) => {
        const name = given === 'transfer' && transport === 'quic' ? 'transfer-quic' : given;
        if (!benchNames().includes(name)) {
          throw failure('E_USAGE', 'no benchmark of that name', {
            subject: name,
            next: `there are ${benchNames().join(', ')}`,
          });
        }
        const result = await runBench(name, { ...options, log: (line) => output.note(line) });
        output.result(result, () =>
          [
            result.machine,
            table(
              [
                { title: 'FIGURE', value: ([figure]) => figure },
                { title: 'MEDIAN', align: 'right', value: ([, value]) => String(value) },
              ],
              Object.entries(result.median),
            ),
            table(
              [
                { title: 'BESIDE', value: (row) => row.name },
                { title: 'VALUE', align: 'right', value: (row) => String(row.value) },
                { title: 'RATIO', align: 'right', value: (row) => row.ratio.toFixed(2) },
              ],
              result.beside,
            ),
            ...result.checks.map((check) => `${check.ok ? 'ok' : 'FAILED'}  ${check.name}`),
          ].join('\n'),
        );
        return result.checks.every((check) => check.ok) ? 0 : 1;
      }),
    );
};

import { resolve } from 'node:path';
import type { ConformanceResult } from '../../../conformance/runner.ts';
import type { TargetResult } from '../../../conformance/target/run-target.ts';
import { failure } from '../../errors.ts';
import { parseAddress } from '../../protocol/addresses/address.ts';
import { collect } from '../arguments.ts';
import type { Register } from '../context.ts';
import type { Output } from '../output.ts';
import { printable } from '../printable.ts';
import { table } from '../table.ts';
import { countText, secondsText } from '../units.ts';

interface Options {
  readonly vectors?: string[];
  readonly transcripts?: string[];
  readonly target?: string;
  readonly dialect?: string;
  readonly only?: string;
  readonly slow?: boolean;
  readonly harmful?: boolean;
}

export const conformance: Register = (program, cli) => {
  program
    .command('conformance')
    .description(
      'hold this build against recorded vectors and transcripts of SCP2P, or any node against its protocol',
    )
    .option('--vectors <file>', 'a file of vectors (default: the shipped ones); may be repeated', collect)
    .option('--transcripts <dir>', 'a folder of transcripts; may be repeated', collect)
    .option(
      '--target <address>',
      'a node of any make, to be tested from outside: tcp://IP:PORT, quic://IP:PORT',
    )
    .option('--dialect <number>', 'with --target: 1 or 2 (default: those that the node speaks)')
    .option('--only <word>', 'with --target: suites and checks whose names contain the word')
    .option('--slow', 'with --target: also the time limits; minutes')
    .option('--harmful', 'with --target: also what damages nodes that fail it, until they start anew')
    .addHelpText(
      'after',
      '\nExample:\n  $ granary conformance\n  $ granary conformance --target tcp://127.0.0.1:7001\n',
    )
    .action((options: Options) =>
      cli.run(async ({ output }) => {
        const result =
          options.target === undefined
            ? await recorded(options)
            : await live(options.target, options, output);
        output.result(result, () => text(result));
        // Like wrong bytes in a file: it does not say what the network says.
        return result.failures.length === 0 ? 0 : 6;
      }),
    );
};

async function recorded(options: Options): Promise<ConformanceResult> {
  const { runConformance } = await import('../../../conformance/runner.ts');
  return runConformance({
    ...(options.vectors && { vectors: options.vectors.map((path) => resolve(path)) }),
    ...(options.transcripts && { transcripts: options.transcripts.map((path) => resolve(path)) }),
  });
}

async function live(target: string, options: Options, output: Output): Promise<TargetResult> {
  const parsed = parseAddress(target, { hostNames: true });
  if (!parsed.ok) throw failure('E_ADDRESS_INVALID', 'this is no address of a node', { subject: target });
  const { dialect, only, slow, harmful } = options;
  if (dialect !== undefined && dialect !== '1' && dialect !== '2') {
    throw failure('E_USAGE', 'a dialect is 1 or 2', { subject: dialect });
  }
  const { runTarget } = await import('../../../conformance/target/run-target.ts');
  return runTarget({
    address: parsed.address,
    dialect: dialect === undefined ? undefined : dialect === '1' ? 1 : 2,
    only,
    slow,
    harmful,
    onCheck: (check) => output.event('check', check),
  });
}

function text(result: ConformanceResult | TargetResult): string {
  const failures = result.failures.map((failed) => {
    const where = 'section' in failed ? ` (${failed.section}, dialect ${failed.dialect})` : '';
    return `${failed.suite}: ${printable(failed.case)}${where}\n  expected ${printable(failed.expected)}\n  got      ${printable(failed.got)}`;
  });
  return [
    ...('target' in result ? [heading(result)] : []),
    table(
      [
        { title: 'SUITE', value: (row) => row.name },
        { title: 'PASSED', align: 'right', value: (row) => countText(row.passed) },
        { title: 'FAILED', align: 'right', value: (row) => countText(row.failed) },
        { title: 'SKIPPED', align: 'right', value: (row) => countText(row.skipped) },
      ],
      result.suites,
    ),
    ...failures,
    ...('checks' in result ? skips(result) : []),
  ].join('\n');
}

function heading({ target, checks, seconds }: TargetResult): string {
  const dialects = target.dialects.map((dialect) => `dialect ${dialect}`).join(' and ');
  return `${target.address} speaks ${dialects}; ${countText(checks.length)} checks in ${secondsText(seconds)}\n`;
}

/** What could not be judged, by its reason: one line each. */
function skips({ checks }: TargetResult): string[] {
  const reasons = Map.groupBy(
    checks.flatMap((check) => check.reason ?? []),
    (reason) => reason,
  );
  return [...reasons].map(([reason, all]) => `skipped ${countText(all.length)}: ${printable(reason)}`);
}

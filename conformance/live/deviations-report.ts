import type { TargetResult } from '../target/run-target.ts';

/** One run of the black-box checks against a version of the reference. */
export interface ReferenceRun {
  readonly version: string;
  readonly result: TargetResult;
}

/** The page docs/reference-deviations.md. */
export function deviationsReport(runs: readonly ReferenceRun[]): string {
  return [
    '# Where the reference deviates',
    '',
    'Made by `npm run interop:deviations`: what `granary conformance --target` says of live nodes of the reference, with all',
    'its checks. The protocol is what the network’s nodes do for each other; a deviation is where a node of the reference',
    'does something that harms others, or that its own description does not allow. Granary passes the same checks.',
    'Sections are those of the description of the wire (`wire`: dialect 1, `wire v2`: what differs in dialect 2).',
    '',
    ...runs.flatMap(section),
  ].join('\n');
}

function section({ version, result }: ReferenceRun): string[] {
  const { checks, failures, suites, target } = result;
  const passed = suites.reduce((sum, suite) => sum + suite.passed, 0);
  const skipped = checks.filter(({ verdict }) => verdict === 'skipped');
  return [
    `## ${version}, dialect ${target.dialects.join(' and ')}`,
    '',
    `${checks.length} checks: ${passed} passed, ${failures.length} failed, ${skipped.length} skipped.`,
    '',
    '| suite | check | section | expected | got |',
    '|---|---|---|---|---|',
    ...failures.map((failed) =>
      row([failed.suite, failed.case, failed.section, failed.expected, steady(failed.got)]),
    ),
    ...(skipped.length === 0 ? [] : ['', 'Skipped:', '']),
    ...skipped.map((check) => `* ${check.suite}: ${check.case} (${check.reason})`),
    '',
  ];
}

/** Without what differs from run to run. */
const steady = (got: string): string =>
  got
    .replace(/service after (\d+)\d{3} ms/, 'service after $1 s')
    .replace(/a frame of \d+ octets/, 'a frame');

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;

import { resolve } from 'node:path';
import { readSettings } from '../../settings/load.ts';
import { settingsOfRows } from '../../settings/running-settings.ts';
import { collect } from '../arguments.ts';
import type { CommandContext, Register } from '../context.ts';
import type { Check } from '../doctor/check.ts';
import { nodeFacts } from '../doctor/node-facts.ts';
import type { Colors } from '../output.ts';
import { printable } from '../printable.ts';
import { countOf } from '../units.ts';

export const doctor: Register = (program, cli) => {
  program
    .command('doctor')
    .description('look for what could keep a node from working here, with the next step for each')
    .option('--place <dir>', 'a folder that downloads go to; may be repeated', collect)
    .addHelpText('after', '\nExample:\n  $ granary doctor --place ~/downloads\n')
    .action((options: { place?: string[] }) =>
      cli.run((context) =>
        examineHere(
          context,
          (options.place ?? []).map((place) => resolve(place)),
        ),
      ),
    );
};

async function examineHere(context: CommandContext, places: readonly string[]): Promise<number> {
  const { output, home, config, env, interrupts } = context;
  const signal = interrupts.first;
  // Loaded here alone: no other command needs what the checks look at.
  const { examine } = await import('../doctor/examine.ts');
  const [reading, node] = await Promise.all([readSettings({ home, config, env }), nodeFacts(home, signal)]);
  const written = reading.ok ? reading.settings : null;
  const settings = node.state === 'running' ? settingsOfRows(node.settings) : written;
  const checks = await examine({ home, env, reading, settings, node, places, signal });
  output.result({ checks }, () => report(checks, output.colors));
  return checks.some(({ status }) => status === 'fail') ? 1 : 0;
}

function report(checks: readonly Check[], { green, yellow, red, dim, bold }: Colors): string {
  const paint = { ok: green, warn: yellow, fail: red };
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, status, message, next }) => [
    `${paint[status](status.padEnd(4))}  ${bold(name.padEnd(width))}  ${printable(message)}`,
    ...(next === null ? [] : [`${''.padEnd(width + 8)}${dim('next')} ${printable(next)}`]),
  ]);
  const count = (status: Check['status']) => checks.filter((check) => check.status === status).length;
  const [failed, warned] = [count('fail'), count('warn')];
  const verdict =
    failed + warned === 0
      ? 'All is well.'
      : `${countOf(failed, 'thing')} must be mended, ${countOf(warned, 'thing')} should be looked at.`;
  return [...lines, verdict].join('\n');
}

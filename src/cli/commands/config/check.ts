import { readSettings } from '../../../settings/load.ts';
import { configErrorText } from '../../config-text.ts';
import type { CommandContext, Register } from '../../context.ts';
import { addSettingFlags, settingsOfFlags } from '../../setting-flags.ts';
import { countOf } from '../../units.ts';

/** Exit code of a configuration that no node would start with. */
const INVALID = 2;

export const check: Register = (config, cli) => {
  const command = config
    .command('check')
    .description('find everything that is wrong with the file, the environment and the flags, at once')
    .addHelpText('after', '\nExample:\n  $ granary config check --config /etc/granary/config.toml\n');
  addSettingFlags(command).action(() => cli.run((context) => checkAll(context, settingsOfFlags(command))));
};

async function checkAll(
  { output, home, config, env }: CommandContext,
  flags: ReadonlyMap<string, unknown>,
): Promise<number> {
  const reading = await readSettings({ home, config, env, flags });
  const errors = reading.ok ? [] : reading.problems;
  output.result({ valid: reading.ok, errors }, () => {
    if (reading.ok) return 'The configuration is valid.';
    return [
      configErrorText(errors, output.colors),
      `${countOf(errors.length, 'error')}. A node would not start with this; one that runs goes on as it is.`,
    ].join('\n');
  });
  return reading.ok ? 0 : INVALID;
}

import type { SettingRow } from '../../../actors/supervisor/contract.ts';
import { loadSettings } from '../../../settings/load.ts';
import { settingRows } from '../../../settings/running-settings.ts';
import { tomlText } from '../../../settings/toml-text.ts';
import { ActorError } from '../../../supervisor/contract/actor-error.ts';
import { NodeClient } from '../../client.ts';
import type { CommandContext, Register } from '../../context.ts';
import { printable } from '../../printable.ts';

export const show: Register = (config, cli) => {
  config
    .command('show')
    .description('every setting: as it is in force in the running node, else as a node would start')
    .option('--origin', 'say of each where it comes from')
    .addHelpText('after', '\nExample:\n  $ granary config show --origin\n')
    .action((options: { origin?: true }) =>
      cli.run(async (context) => {
        const { node, values } = await valuesOf(context);
        context.output.result({ node, values }, () =>
          tomlText(values, (row) => remark(row, options.origin ?? false))
            .split('\n')
            .map(printable)
            .join('\n'),
        );
        return undefined;
      }),
    );
};

/** `node`: whether they are those of a running node. */
async function valuesOf(context: CommandContext): Promise<{ node: boolean; values: readonly SettingRow[] }> {
  const { home, config, env, interrupts } = context;
  let client: NodeClient;
  try {
    client = await NodeClient.connect(home);
  } catch (error) {
    if (!(error instanceof ActorError && error.code === 'E_NO_DAEMON')) throw error;
    return { node: false, values: settingRows(await loadSettings({ home, config, env })) };
  }
  try {
    return { node: true, ...(await client.call('settings', {}, { signal: interrupts.first })) };
  } finally {
    client.close();
  }
}

function remark(row: SettingRow, origin: boolean): string | null {
  const waiting = 'after_restart' in row ? `${JSON.stringify(row.after_restart)} after a restart` : null;
  const said = [origin ? row.origin : null, waiting].filter((part) => part !== null);
  return said.length === 0 ? null : said.join('; ');
}

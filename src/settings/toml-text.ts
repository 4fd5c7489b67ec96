import { stringify } from 'smol-toml';
import type { SettingRow } from '../actors/supervisor/contract.ts';

/** Settings as a configuration file has them, each with a remark behind it where there is one to make. */
export function tomlText(rows: readonly SettingRow[], remark: (row: SettingRow) => string | null): string {
  const lines: string[] = [];
  let inside = '';
  for (const row of rows) {
    const [group = '', name = ''] = row.key.split('.', 2);
    if (group !== inside) lines.push(...(lines.length > 0 ? [''] : []), `[${group}]`);
    inside = group;
    const said = remark(row);
    lines.push(said === null ? assignment(name, row.value) : `${assignment(name, row.value)}  # ${said}`);
  }
  return lines.join('\n');
}

const assignment = (name: string, value: unknown): string => stringify({ [name]: value }).trim();

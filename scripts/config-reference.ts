import { z } from 'zod';
import { NAMED_FLAGS } from '../src/cli/setting-flags.ts';
import { SETTING_KEYS, type SettingKey } from '../src/settings/schema.ts';
import { tomlText } from '../src/settings/toml-text.ts';

/** The reference of all settings, from their schema. Ends with a line feed. */
export function configReference(): string {
  const groups = [...new Set(SETTING_KEYS.map(({ group }) => group))];
  return `<!-- Made from src/settings/schema.ts: npm run docs. -->

# Configuration

One TOML file, \`config.toml\` in the data folder or what \`--config\` or \`GRANARY_CONFIG\` names. Every setting can also be given in the
environment, \`GRANARY_GROUP_NAME\`, lists separated by commas, and by a flag of \`granary up\`: its own, or \`--set group.name=value\`. A flag
wins over the environment, the environment over the file, the file over the default. Every value that is written is checked, also one that
another place wins over, and an unknown name is an error that says which known one is nearest.

* \`granary config check\` finds everything that is wrong, at once, without a node. Exit code 2 when there is something.
* \`granary config show --origin\` prints every setting and where its value comes from; what it prints is a configuration file.
* \`granary config reload\`, or SIGHUP to \`granary up\`, has a running node read the configuration again. Settings marked *live* are in force at
  once; others wait for the next start and are named. A configuration that is not valid changes nothing.
${groups.map(groupSection).join('')}
## A file with all defaults

\`\`\`toml
${tomlText(
  SETTING_KEYS.map(({ key, schema }) => ({ key, value: schema.parse(undefined), origin: 'default' })),
  () => null,
)}
\`\`\`
`;
}

function groupSection(group: string): string {
  const rows = SETTING_KEYS.filter((setting) => setting.group === group).map(row);
  return `
## \`[${group}]\`

| setting | type | default | meaning |
|---|---|---|---|
${rows.join('\n')}
`;
}

function row(setting: SettingKey): string {
  const { key, name, variable, schema, description, live } = setting;
  const flag = NAMED_FLAGS.find((named) => named.key === key)?.flag.split(' ')[0];
  const ways = [`\`${variable}\``, ...(flag ? [`\`${flag}\``] : [])].join(', ');
  const shown = [`\`${name}\``, ways, ...(live ? ['*live*'] : [])].join('<br>');
  const initial = JSON.stringify(schema.parse(undefined));
  return `| ${[shown, typeOf(schema), `\`${initial}\``, description].map(cell).join(' | ')} |`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Whole numbers without a bound of their own have those of the language, which say nothing to anybody. */
const bound = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isSafeInteger(value) && Math.abs(value) < Number.MAX_SAFE_INTEGER
    ? value
    : undefined;

function typeOf(schema: z.ZodType): string {
  const { type, enum: values, minimum, maximum } = z.toJSONSchema(schema);
  if (values) return values.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (type === 'array') return 'list of texts';
  if (type === 'boolean') return '`true` or `false`';
  if (type === 'string') return 'text';
  const kind = type === 'integer' ? 'whole number' : 'number';
  const [least, most] = [bound(minimum), bound(maximum)];
  if (least === undefined) return kind;
  return most === undefined ? `${kind} from ${least}` : `${kind}, ${least} to ${most}`;
}

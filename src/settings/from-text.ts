import type { SettingKey } from './schema.ts';

/**
 * A setting's value from the text of a flag or of the environment. Lists are separated by commas; an empty
 * text is an empty list. Text that does not fit is given back as it is: the schema says what is wrong with it.
 */
export function fromText(kind: SettingKey['kind'], text: string): unknown {
  const bare = text.trim();
  switch (kind) {
    case 'list':
      return bare === '' ? [] : bare.split(',').map((part) => part.trim());
    case 'number':
      return bare !== '' && Number.isFinite(Number(bare)) ? Number(bare) : text;
    case 'boolean':
      if (/^(true|yes|on|1)$/i.test(bare)) return true;
      return /^(false|no|off|0)$/i.test(bare) ? false : text;
    case 'text':
      return text;
  }
}

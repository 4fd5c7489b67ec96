import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configReference } from '../../scripts/config-reference.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { SETTING_KEYS } from '../../src/settings/schema.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

test('docs/configuration.md says what the schema says (else: npm run docs)', () => {
  expect(page).toBe(configReference());
});

test.each(SETTING_KEYS)('$key has a meaning in words', ({ description }) => {
  expect(description).toMatch(/^[A-Z`].*[.]$/);
});

test('the file with all defaults is one, and is valid', async () => {
  const text = /```toml\n([\s\S]*?)```/.exec(page)![1]!;
  const home = await mkdtemp(join(tmpdir(), 'granary-reference-'));
  try {
    const before = await loadSettings({ home, env: {} });
    await writeFile(join(home, 'config.toml'), text);
    const after = await loadSettings({ home, env: {} });
    expect(after.settings).toEqual(before.settings);
    expect([...after.origins.values()].every((origin) => origin.startsWith('file '))).toBe(true);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

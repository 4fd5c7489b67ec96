import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';
import { TARGETS } from '../fuzz/table.ts';

// Whoever decodes something from elsewhere is in the table of test/fuzz.
const src = resolve(import.meta.dirname, '../../src');
const covered = new Set(TARGETS.flatMap(({ covers }) => covers));

/** Names that take octets or text apart. */
const DECODERS =
  /^export (?:async )?(?:function|const) ((?:decode|parse|unpack)\w*|read\w+File|readSettings|safe\w+|printable)\b/gm;
/** They read what this program wrote into its own memory. */
const INSIDE: readonly string[] = [];

const found = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => {
    const file = relative(src, join(src, name)).split(sep).join('/');
    return [...readFileSync(join(src, name), 'utf8').matchAll(DECODERS)].map(
      (match) => `${file} ${match[1]}`,
    );
  });

test('every decoder and sanitiser is fuzzed', () => {
  expect(found.length).toBeGreaterThan(20);
  expect(found.filter((name) => !covered.has(name) && !INSIDE.includes(name))).toEqual([]);
});

test('the table names what there is, and each target once', () => {
  for (const name of covered) {
    const [file, exported] = name.split(' ') as [string, string];
    expect(readFileSync(join(src, file), 'utf8'), name).toMatch(
      new RegExp(`^export .*\\b${exported}\\b`, 'm'),
    );
  }
  const names = TARGETS.map((target) => target.name);
  expect(new Set(names).size).toBe(names.length);
});

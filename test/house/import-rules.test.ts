import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';

// The walls of the house, read off the imports themselves (ARCHITECTURE.md, "Who may import whom").
const root = resolve(import.meta.dirname, '../..');
const src = join(root, 'src');

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(src, name));

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found: Import[] = [];
  const statement = /^\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
  for (const match of text.matchAll(statement)) found.push(entry(file, match[2]!, Boolean(match[1])));
  for (const match of text.matchAll(/\bimport\('([^']+)'\)/g)) found.push(entry(file, match[1]!, false));
  return found;
}

function entry(file: string, specifier: string, typeOnly: boolean): Import {
  const target = specifier.startsWith('.') ? relative(src, resolve(dirname(file), specifier)) : specifier;
  return { file: relative(src, file), target: target.split(sep).join('/'), typeOnly };
}

const imports = files.flatMap(importsOf);
const inside = (place: string) => (path: string) => path.startsWith(`${place}/`);
const show = (list: Import[]) => list.map(({ file, target }) => `${file} -> ${target}`);

test('the reader of imports sees them', () => {
  expect(imports.length).toBeGreaterThan(200);
});

test('protocol imports no actor, no supervisor and nothing above them', () => {
  const allowed = (target: string) =>
    inside('protocol')(target) || !target.includes('/') || /^(node:|@)/.test(target);
  expect(show(imports.filter(({ file, target }) => inside('protocol')(file) && !allowed(target)))).toEqual(
    [],
  );
});

test('supervisor knows no actor', () => {
  const wrong = imports.filter(
    ({ file, target }) =>
      inside('supervisor')(file) &&
      (inside('actors')(target) ||
        inside('protocol')(target) ||
        inside('cli')(target) ||
        target === 'errors.ts'),
  );
  expect(show(wrong)).toEqual([]);
});

test('a contract imports protocol types, other contracts’ types and the contract builder alone', () => {
  const wrong = imports.filter(({ file, target, typeOnly }) => {
    if (!/^actors\/[a-z-]+\/contract\.ts$/.test(file)) return false;
    if (target === 'supervisor/contract/contract.ts') return false;
    const types =
      target.startsWith('node:') || inside('protocol')(target) || inside('supervisor/contract')(target);
    const peers = /^actors\/([a-z-]+\/(contract|config)|wire-request|peer-met|[a-z-]+-types)\.ts$/.test(
      target,
    );
    return !(typeOnly && (types || peers));
  });
  expect(show(wrong)).toEqual([]);
});

test('nobody imports another actor’s inside', () => {
  const wrong = imports.filter(({ file, target }) => {
    const owner = /^actors\/([a-z-]+)\//.exec(target)?.[1];
    if (!owner || target === `actors/${owner}/contract.ts` || target === `actors/${owner}/config.ts`)
      return false;
    return !file.startsWith(`actors/${owner}/`);
  });
  expect(show(wrong)).toEqual([]);
});

// What checks configurations costs every thread that loads it 17 MB and 90 ms: they are checked before an actor is born.
test('actors know their configuration by its type alone', () => {
  const wrong = imports.filter(
    ({ file, target, typeOnly }) =>
      /^actors\/[a-z-]+\/config\.ts$/.test(target) &&
      !typeOnly &&
      !(
        inside('settings')(file) ||
        inside('simulator')(file) ||
        file === 'node.ts' ||
        file === 'node-live.ts' ||
        file === 'store-alone.ts'
      ),
  );
  expect(show(wrong)).toEqual([]);
});

test('zod is loaded where values come from outside, and by no actor before it needs it', () => {
  const homes =
    /^((settings|cli|control-link)\/|(node|checked-config)\.ts$|actors\/[a-z-]+\/config\.ts$|actors\/store\/passphrase-shape\.ts$)/;
  expect(show(imports.filter(({ file, target }) => target === 'zod' && !homes.test(file)))).toEqual([]);
});

test.each([
  ['piscina', ['actors/hashing/']],
  ['node:sqlite', ['actors/store/']],
  ['@noble/ed25519', ['protocol/crypto/']],
  ['@noble/hashes', ['protocol/crypto/']],
  ['@noble/ciphers', ['protocol/crypto/']],
  ['@napi-rs/blake-hash', ['protocol/crypto/']],
  ['@peculiar/x509', ['actors/store/']],
  ['@orama/stemmers', ['actors/search/']],
  // The socket form of a link; the control socket speaks through it too.
  ['@msgpack/msgpack', ['supervisor/link/']],
  ['smol-toml', ['settings/']],
  ['commander', ['cli/']],
  ['cli-progress', ['cli/']],
  ['picocolors', ['cli/']],
  ['pino', ['supervisor/observe/']],
])('%s has one home', (dependency, homes) => {
  const users = imports.filter(({ target }) => target === dependency || target.startsWith(`${dependency}/`));
  expect(show(users.filter(({ file }) => !homes.some((home) => file.startsWith(home))))).toEqual([]);
});

test('files stay small: none above 500 lines, the median below 150', () => {
  const sizes = files.map((file) => readFileSync(file, 'utf8').split('\n').length).sort((a, b) => a - b);
  expect(sizes.at(-1)).toBeLessThan(500);
  expect(sizes[sizes.length >> 1]).toBeLessThan(150);
});

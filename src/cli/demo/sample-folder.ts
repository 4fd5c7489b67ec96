import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { packageRoot } from '../../package-root.ts';
import { generateFile } from './generated-file.ts';

export interface Sample {
  readonly files: number;
  readonly bytes: number;
  readonly oddNames: number;
}

/** Real files above this are left out: the generated one is there for size. */
const MAX_REAL_FILE = 1 << 20;
/** Of all real files together. */
const MAX_REAL_BYTES = 256 << 20;

/** Names that have broken other programs; each is legal on every system this runs on. */
const ODD_NAMES = [
  'a name with   spaces.txt',
  '.starts with a dot',
  "quotes ' and $HOME and `ticks`.txt",
  'Füße, naïve café.txt',
  '音楽とノイズ.txt',
  'موسيقى.txt',
  '🎷 blue train 🚂.txt',
  '100% #1 [live] {take 2} (final)~.txt',
  '-rf',
  `long ${'name '.repeat(38)}.txt`,
];

/**
 * Fills a folder with what people keep: up to `count` real files, names that have broken other programs, an
 * empty file, and one large file of `size` bytes.
 */
export async function makeSample(
  folder: string,
  count: number,
  size: number,
  signal: AbortSignal,
): Promise<Sample> {
  await mkdir(folder);
  let bytes = 0;
  let files = 0;
  for await (const [source, path] of realFiles(count)) {
    signal.throwIfAborted();
    const target = join(folder, 'real files', path);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(source, target);
    bytes += (await stat(target)).size;
    files++;
    if (bytes > MAX_REAL_BYTES) break;
  }
  await mkdir(join(folder, 'odd names'));
  for (const name of ODD_NAMES) {
    const text = `The name of this file is ${JSON.stringify(name)}.\n`;
    await writeFile(join(folder, 'odd names', name), text);
    bytes += Buffer.byteLength(text);
  }
  await writeFile(join(folder, 'empty file'), '');
  await generateFile(join(folder, 'large file.bin'), size, signal);
  return { files: files + ODD_NAMES.length + 2, bytes: bytes + size, oddNames: ODD_NAMES.length };
}

/** Files of the dependencies that came with this program, with their paths below them. */
async function* realFiles(count: number): AsyncGenerator<[source: string, path: string]> {
  const root = await dependencies();
  let left = count;
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = await readdir(folder, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const source = join(folder, entry.name);
      // Hidden folders hold caches that change while they are read.
      if (entry.isDirectory() && !entry.name.startsWith('.')) waiting.push(source);
      if (!entry.isFile() || (await stat(source)).size > MAX_REAL_FILE) continue;
      if (left-- <= 0) return;
      yield [source, relative(root, source)];
    }
  }
}

/** `node_modules` of a clone; for an installed package, the one it lies in. */
async function dependencies(): Promise<string> {
  const inside = join(packageRoot(), 'node_modules');
  const found = await stat(inside).catch(() => null);
  return found?.isDirectory() ? inside : dirname(packageRoot());
}

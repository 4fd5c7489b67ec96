import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of the data that comes with the package. The code may run from the sources or compiled, somewhere below
 * the package's root, but the data is in one place only.
 */
export function dataFolder(name: 'vectors' | 'transcripts'): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(folder, 'conformance', name);
    if (existsSync(candidate)) return candidate;
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`the package has no conformance/${name}`);
    folder = parent;
  }
}

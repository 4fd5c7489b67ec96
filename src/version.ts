import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.ts';

/** The package's own version. */
function read(): string {
  const found = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    name?: string;
    version?: string;
  };
  if (found.name === 'granary' && found.version) return found.version;
  throw new Error('package.json of granary is missing');
}

export const VERSION: string = read();

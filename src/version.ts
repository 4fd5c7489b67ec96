import { readFileSync } from 'node:fs';

/** The package's own version: `package.json` lies beside `src/` in a clone and above `dist/src/` when published. */
function read(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (found.name === 'granary' && found.version) return found.version;
    } catch {
      // Not there: the other place is next.
    }
  }
  throw new Error('package.json of granary is missing');
}

export const VERSION: string = read();

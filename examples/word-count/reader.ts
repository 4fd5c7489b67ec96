import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { actor, readerContract } from './contracts.ts';

export default actor(readerContract, ({ config }) => ({
  handlers: {
    // Pulled by the consumer: no more than a window of files is read ahead of it.
    async *texts() {
      const files = await readdir(config.folder, { recursive: true });
      for (const file of files.filter((name) => /\.(md|ts)$/.test(name)).sort()) {
        yield { file, text: await readFile(join(config.folder, file), 'utf8') };
      }
    },
  },
}));

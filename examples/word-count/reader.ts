import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ActorError } from '../../src/supervisor/index.ts';
import { actor, readerContract } from './contracts.ts';

export default actor(readerContract, ({ config, slab }) => ({
  handlers: {
    // Pulled by the consumer: no more than a window of names is told ahead of it.
    async *files() {
      const files = await readdir(config.folder, { recursive: true });
      for (const file of files.filter((name) => /\.(md|ts)$/.test(name)).sort()) {
        yield { file };
      }
    },
    async read({ file }, call) {
      await using source = await open(join(config.folder, file));
      const slot = slab.claim();
      if (!slot) throw new ActorError('E_BUSY', 'all slots are in use', { retryable: true });
      // As much of it as a slot holds. An error of the disk ends this life, and with it the slot is free.
      const { bytesRead } = await source.read(slab.bytes(slot)!, { position: 0 });
      const given = slab.handOver(slot, call);
      if (given) return { slot: given, bytes: bytesRead };
      slab.release(slot);
      throw new ActorError('E_ABORTED', 'nobody waits for it any more');
    },
  },
}));

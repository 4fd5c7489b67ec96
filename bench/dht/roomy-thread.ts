import { totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { siblingModule } from '../../src/supervisor/tree/module-url.ts';
import type { WorldSize } from './world-figures.ts';

/**
 * Of the machine's memory, what a world may take. Ten thousand nodes have a heap of some 3 GB, and by default there is
 * room for 4: two thirds of the time went into collections then.
 */
const PART_OF_MEMORY = 0.5;
const MiB = 2 ** 20;

type Told = { readonly joined: number } | { readonly figures: Record<string, number> };

/** The figures of a world (`worldFigures`), made in a thread whose heap has room for it. */
export function inRoomyThread(
  world: WorldSize,
  joined: (nodes: number) => void,
): Promise<Record<string, number>> {
  const room = Math.floor((totalmem() * PART_OF_MEMORY) / MiB);
  const worker = new Worker(siblingModule(import.meta.url, './world-thread'), {
    workerData: world,
    resourceLimits: { maxOldGenerationSizeMb: room },
  });
  return new Promise((resolve, reject) => {
    worker.on('message', (told: Told) => {
      if ('joined' in told) joined(told.joined);
      else resolve(told.figures);
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread of the world ended with ${code}`)));
  });
}

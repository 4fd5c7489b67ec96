import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeLife } from './node-life.ts';

/** One life that ends in order: what was compiled is kept at the end of a process, and the killed ones have no end. */
export async function warmUp(): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'granary-chaos-warm-'));
  try {
    const life = new NodeLife({ home: join(root, 'home'), log: join(root, 'log') });
    await life.ready;
    life.askToStop();
    await life.gone();
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

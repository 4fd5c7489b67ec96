import { open } from 'node:fs/promises';
import type { Random } from '../../../src/supervisor/testing/random.ts';

/** Turns a bit over in so many places of a file, from octet `from` on, as a bad disk does. */
export async function damage(path: string, random: Random, places: number, from = 0): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const octet = Buffer.alloc(1);
    for (let i = 0; i < places; i++) {
      const at = random.integer(from, size - 1);
      await file.read(octet, 0, 1, at);
      octet[0] = octet[0]! ^ (1 << random.integer(0, 7));
      await file.write(octet, 0, 1, at);
    }
  } finally {
    await file.close();
  }
}
